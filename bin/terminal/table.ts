import { columnsOf, cut, padded } from './text-width.ts';

/** A cell's text, and how it looks once it has been padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const GAP = 2;
const INDENT = '  ';
/** What the last column is not made narrower than: rather a row takes several lines. */
const LEAST_OF_LAST = 16;

/**
 * Lines of left-aligned columns, two spaces apart and indented by two. Columns that are empty in every row are
 * left out, and so are heads that are all empty; the last one is cut to the width of the terminal. In a terminal that
 * is too narrow for the others, each row takes as many lines as it needs, and there are no heads.
 */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const used = heads.map((_, column) => rows.some((row) => (row[column]?.text ?? '') !== ''));
  const all = [heads.map((text): Cell => ({ text })), ...rows].map((row) => row.filter((_, i) => used[i]));
  const widths = all.reduce<number[]>(
    (so, row) => row.map((cell, column) => Math.max(so[column] ?? 0, columnsOf(cell.text))),
    [],
  );
  const left = width - INDENT.length;
  const fixed = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP, 0);
  if (fixed + Math.min(LEAST_OF_LAST, widths.at(-1) ?? 0) > left) {
    return all.slice(1).flatMap((row) => stacked(row, left).map((text) => INDENT + text));
  }
  const shown = heads.every((head) => head === '') ? all.slice(1) : all;
  return shown.map((row) => `${INDENT}${line(row, widths, left)}`.trimEnd());
}

function line(row: readonly Cell[], widths: readonly number[], width: number): string {
  let left = width;
  return row
    .map((cell, column) => {
      const last = column === row.length - 1;
      const text = last ? cut(cell.text, left) : padded(cell.text, widths[column] ?? 0);
      left -= columnsOf(text) + GAP;
      return painted(cell, text);
    })
    .join(' '.repeat(GAP));
}

/** The cells one after the other, on as many lines as that takes; those after the first are indented. */
function stacked(row: readonly Cell[], width: number): string[] {
  const lines: { text: string; columns: number }[] = [];
  // A dash says only that a column is empty.
  for (const cell of row.filter(({ text }) => text !== '' && text !== '–')) {
    const last = lines.at(-1);
    const columns = columnsOf(cell.text);
    if (last !== undefined && last.columns + GAP + columns <= width) {
      last.text += ' '.repeat(GAP) + painted(cell, cell.text);
      last.columns += GAP + columns;
    } else {
      const indent = last === undefined ? '' : INDENT;
      const text = cut(cell.text, width - indent.length);
      lines.push({ text: indent + painted(cell, text), columns: indent.length + columnsOf(text) });
    }
  }
  return lines.map(({ text }) => text);
}

function painted({ paint }: Cell, text: string): string {
  return paint === undefined || text.trim() === '' ? text : paint(text);
}
