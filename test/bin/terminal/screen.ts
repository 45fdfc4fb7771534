import { columnsOf } from '../../../bin/terminal/text-width.ts';

const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`${ESCAPE}\\[(\\??)([\\d;]*)([A-Za-z])`, 'y');
/** A sequence that goes on with what is written next. */
const UNFINISHED = new RegExp(`${ESCAPE}(\\[[?\\d;]*)?$`);
const SILENT = new Set(['\r', '\n', '\r\n', '\u0007']);
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The rows without what nobody sees: spaces at their ends, and empty rows after the last. Other blank letters are written text. */
export function seen(rows: readonly string[]): string {
  return rows
    .map((row) => row.replace(/ +$/, ''))
    .join('\n')
    .replace(/\n+$/, '');
}

/** As much of a terminal as it takes to know what a person sees: text wraps at its width, and lines that do not fit scroll. */
export class Screen {
  columns: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #unfinished = '';
  /** Whether the cursor is shown. */
  cursor = true;

  constructor(columns: number) {
    this.columns = columns;
  }

  get text(): string {
    return seen(this.#rows.map((row) => Array.from(row, (cell) => cell ?? ' ').join('')));
  }

  write(written: string): this {
    const text = this.#unfinished + written;
    this.#unfinished = UNFINISHED.exec(text)?.[0] ?? '';
    const end = text.length - this.#unfinished.length;
    for (let at = 0; at < end; ) {
      SEQUENCE.lastIndex = at;
      const [sequence, isPrivate = '', numbers = '', name = ''] = SEQUENCE.exec(text) ?? [];
      const { segment } = graphemes.segment(text).containing(at) ?? { segment: text.slice(at) };
      if (sequence === undefined) this.#put(segment);
      else this.#obey(isPrivate + name, Number(numbers || (name === 'K' || name === 'J' ? 0 : 1)), numbers);
      at += (sequence ?? segment).length;
    }
    return this;
  }

  /** Becomes so wide, and wraps anew what no longer fits, as most terminals do; the cursor stays at its text. */
  resize(columns: number): void {
    const before = this.#rows;
    const [row, column] = [this.#row, this.#column];
    this.columns = columns;
    this.#rows = [];
    for (const [index, cells] of before.entries()) {
      if (index === row) {
        this.#row = this.#rows.length + Math.floor(Math.max(0, column - 1) / columns);
        this.#column = column === 0 ? 0 : ((column - 1) % columns) + 1;
      }
      for (let from = 0; from === 0 || from < cells.length; from += columns) {
        this.#rows.push(cells.slice(from, from + columns));
      }
    }
  }

  #put(letter: string): void {
    // The terminal's driver has a line feed return to the first column, too.
    if (/^[\r\n]+$/.test(letter)) this.#column = 0;
    if (letter.includes('\n')) this.#down();
    if (SILENT.has(letter)) return;
    const width = columnsOf(letter);
    if (this.#column + width > this.columns) {
      this.#column = 0;
      this.#down();
    }
    const row = this.#rows[this.#row] ?? [];
    row[this.#column] = letter;
    for (let rest = 1; rest < width; rest++) row[this.#column + rest] = '';
    this.#column += width;
  }

  #down(): void {
    this.#row += 1;
    this.#rows[this.#row] ??= [];
  }

  #obey(name: string, number: number, numbers: string): void {
    const row = this.#rows[this.#row] ?? [];
    switch (name) {
      case 'A':
        this.#row = Math.max(0, this.#row - number);
        break;
      case 'B':
        this.#row = Math.min(this.#rows.length - 1, this.#row + number);
        break;
      case 'C':
        this.#column = Math.min(this.columns - 1, this.#column + number);
        break;
      case 'D':
        this.#column = Math.max(0, this.#column - number);
        break;
      case 'G':
        this.#column = number - 1;
        break;
      case 'J':
        this.#rows.length = this.#row + 1;
        row.length = Math.min(row.length, this.#column);
        break;
      case 'K':
        row.length = number === 2 ? 0 : Math.min(row.length, this.#column);
        break;
      case 'm':
        break;
      case '?h':
      case '?l':
        if (numbers === '25') this.cursor = name === '?h';
        break;
      default:
        throw new Error(`this terminal does not know ${JSON.stringify(name)}`);
    }
  }
}
