import columnsOfText from 'fast-string-width';

/** How many columns of a terminal a text takes: two for each CJK letter and emoji, none for colours. */
export function columnsOf(text: string): number {
  return columnsOfText(text);
}

/** The text, filled up with spaces to so many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** The text without its end where it is too wide, which an ellipsis then shows; no letter is cut in two. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let left = columns - 1;
  let kept = '';
  // Made only here: it takes longer than most commands' own work.
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(text)) {
    left -= columnsOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** The text on lines of at most so many columns, broken between words; those after the first begin with the indent. */
export function wrapped(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  // Several spaces align what stands behind them: it is not broken there.
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (columnsOf(last) + 1 + columnsOf(word) > columns) lines.push(indent + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
