import { type Colours, colours, wantsColour } from './colours.ts';
import { jsonText, safeDocument, safeText } from './safe-text.ts';

/** What a terminal is made of; the process's own streams, or a test's. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: NodeJS.ProcessEnv;
}

/** Data goes to stdout, everything else to stderr. */
export class Terminal {
  readonly #streams: Streams;
  readonly #closed = new AbortController();
  #hasPassingLine = false;
  readonly json: boolean;
  /** For stdout. */
  readonly colours: Colours;
  /** For stderr. */
  readonly progressColours: Colours;

  constructor(streams: Streams, options: { json: boolean; color: boolean }) {
    this.#streams = streams;
    this.json = options.json;
    const painted = (isTty: boolean | undefined) =>
      colours(wantsColour({ flag: options.color, env: streams.env, isTty: isTty ?? false }));
    this.colours = painted(streams.stdout.isTTY);
    this.progressColours = painted(streams.stderr.isTTY);
    for (const stream of [streams.stdout, streams.stderr])
      stream.on('error', (error) => this.#onError(error));
  }

  /** Aborts when nobody reads stdout any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return !this.json && this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** Columns that a line may take; unlimited where no terminal reads. */
  get width(): number {
    const { isTTY, columns } = this.#streams.stdout;
    return isTTY === true && columns !== undefined && columns > 0 ? columns : Number.POSITIVE_INFINITY;
  }

  /** Prints a document: as JSON, or as the lines that people read, made from its text without control characters. */
  print<T>(document: T, lines: (document: T) => readonly string[]): void {
    this.#write(this.json ? [jsonText(document)] : lines(safeDocument(document)));
  }

  /** Says on stderr what is going on; the caller has taken control characters out of what is not its own. */
  progress(line: string): void {
    this.#clearPassingLine();
    this.#streams.stderr.write(`${line}\n`);
  }

  /** Whether a line can give way to the next: a terminal reads stderr. */
  get showsPassingLines(): boolean {
    return this.#streams.stderr.isTTY === true && this.#streams.env.TERM !== 'dumb';
  }

  /** Shows a line on stderr until the next thing is said; without colours, since it is cut to the terminal's width. */
  passingLine(line: string): void {
    this.#clearPassingLine();
    const { columns = 0 } = this.#streams.stderr;
    // Some terminals do not know how wide they are, and say 0.
    this.#streams.stderr.write([...line].slice(0, (columns || 80) - 1).join(''));
    this.#hasPassingLine = true;
  }

  #clearPassingLine(): void {
    if (this.#hasPassingLine) this.#streams.stderr.write('\r\u001b[2K');
    this.#hasPassingLine = false;
  }

  /** Asks a person yes or no, on stderr; no for an answer too if they leave with Ctrl-C. */
  async confirm(question: string): Promise<boolean> {
    this.#clearPassingLine();
    const { confirm } = await import('@clack/prompts');
    const { stdin, stderr } = this.#streams;
    const answer = await confirm({
      message: safeText(question),
      initialValue: false,
      input: stdin as NodeJS.ReadStream,
      output: stderr as NodeJS.WriteStream,
    });
    return answer === true;
  }

  #write(lines: readonly string[]): void {
    this.#clearPassingLine();
    if (lines.length > 0 && !this.#closed.signal.aborted) this.#streams.stdout.write(`${lines.join('\n')}\n`);
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#closed.signal.aborted) return;
    // `after-party status | head` is no failure: the rest of the output is simply not wanted.
    if (error.code !== 'EPIPE') throw error;
    this.#closed.abort();
  }
}
