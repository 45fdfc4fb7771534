/** A cell's text, and how it looks once it has been padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/**
 * Lines of left-aligned columns, two spaces apart and indented by two. Columns that are empty in every row are
 * left out; the last one is cut to the width of the terminal.
 */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const used = heads.map((_, column) => rows.some((row) => (row[column]?.text ?? '') !== ''));
  const all = [heads.map((text): Cell => ({ text })), ...rows].map((row) => row.filter((_, i) => used[i]));
  const widths = all.reduce<number[]>(
    (so, row) => row.map((cell, column) => Math.max(so[column] ?? 0, [...cell.text].length)),
    [],
  );
  return all.map((row) => `  ${line(row, widths, width - 2)}`.trimEnd());
}

function line(row: readonly Cell[], widths: readonly number[], width: number): string {
  let left = width;
  return row
    .map((cell, column) => {
      const last = column === row.length - 1;
      const text = last ? cut(cell.text, left) : cell.text.padEnd(widths[column] ?? 0);
      left -= text.length + 2;
      return cell.paint === undefined || text.trim() === '' ? text : cell.paint(text);
    })
    .join('  ');
}

function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width || width < 2 ? text : `${letters.slice(0, width - 1).join('')}…`;
}
