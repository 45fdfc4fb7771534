import { stripVTControlCharacters } from 'node:util';
import type { Terminal } from './terminal.ts';
import { columnsOf, cut } from './text-width.ts';

/** What a terminal is written to. */
export type TerminalStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Makes the lines for a terminal of so many columns. */
export type LayOut = (columns: number) => readonly string[];

/** Where a terminal does not know how wide or high it is. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

const ERASE_BELOW = '\u001b[J';
const ERASE_TO_THE_RIGHT = '\u001b[K';
const up = (rows: number): string => (rows === 0 ? '\r' : `\r\u001b[${rows}A`);

/** Shows lines below what is said on stderr, in place of those before, if a terminal reads it. */
export function showPassingLines(terminal: Terminal, layOut: LayOut): void {
  terminal.passingLines((stream) => new LiveLines(stream))?.show(layOut);
}

/**
 * Lines at the end of what a terminal shows, which change in place. A frame is one write, of the lines that have
 * changed; the cursor stays visible behind the last one, so that there is nothing to restore whatever happens.
 */
export class LiveLines {
  readonly #stream: TerminalStream;
  #layOut: LayOut | undefined;
  #drawn: readonly string[] = [];
  readonly #onResize = (): void => this.#redraw('');

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** Shows these lines in place of those before; they are laid out anew when the terminal's width changes. */
  show(layOut: LayOut): void {
    if (this.#layOut === undefined) this.#stream.on('resize', this.#onResize);
    this.#layOut = layOut;
    const lines = this.#lines();
    if (lines.length === this.#drawn.length) this.#rewrite(lines);
    else this.#redraw('');
  }

  /** Writes a text that stays, whole lines, above the lines. */
  writeAbove(text: string): void {
    this.#redraw(text);
  }

  /** Takes the lines away. */
  clear(): void {
    this.#stream.off('resize', this.#onResize);
    this.#layOut = undefined;
    if (this.#drawn.length > 0) this.#redraw('');
  }

  #rewrite(lines: readonly string[]): void {
    const changed = lines.map((line, row) => (line === this.#drawn[row] ? '' : line + ERASE_TO_THE_RIGHT));
    if (changed.every((line) => line === '')) return;
    // Behind a last line that stays, the cursor has to be put back.
    const last = changed.at(-1) === '' ? [...changed.slice(0, -1), lines.at(-1) ?? ''] : changed;
    this.#drawn = lines;
    this.#stream.write(up(lines.length - 1) + last.join('\n'));
  }

  #redraw(above: string): void {
    const erase = this.#drawn.length === 0 ? '' : up(this.#rowsOfDrawn() - 1) + ERASE_BELOW;
    this.#drawn = this.#lines();
    const frame = erase + above + this.#drawn.join('\n');
    if (frame !== '') this.#stream.write(frame);
  }

  /** One column stays free: a terminal may go to the next row as soon as the last column is written. */
  #lines(): readonly string[] {
    const width = this.#columns - 1;
    const lines = this.#layOut?.(width) ?? [];
    const fitting = lines.map((line) =>
      columnsOf(line) <= width ? line : cut(stripVTControlCharacters(line), width),
    );
    return fitting.slice(-((this.#stream.rows || DEFAULT_ROWS) - 1));
  }

  /** In a terminal that has become narrower, what was drawn takes more rows. */
  #rowsOfDrawn(): number {
    return this.#drawn.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(columnsOf(line) / this.#columns)),
      0,
    );
  }

  get #columns(): number {
    return this.#stream.columns || DEFAULT_COLUMNS;
  }
}
