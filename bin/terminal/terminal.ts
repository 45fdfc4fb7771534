import { PartyError } from '../../functions/errors.ts';
import { type Colours, colours, wantsColour } from './colours.ts';
import type { LiveLines, TerminalStream } from './live-lines.ts';
import { jsonText, safeDocument, safeText } from './safe-text.ts';

/** What a terminal is made of; the process's own streams, or a test's. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Data goes to stdout, everything else to stderr. */
export class Terminal {
  readonly #streams: Streams;
  readonly #closed = new AbortController();
  #live: LiveLines | undefined;
  readonly #paintsProgress: boolean;
  readonly json: boolean;
  /** For stdout. */
  readonly colours: Colours;
  /** For stderr. */
  readonly progressColours: Colours;

  constructor(streams: Streams, options: { json: boolean; color: boolean }) {
    this.#streams = streams;
    this.json = options.json;
    const isPainted = (stream: TerminalStream) =>
      wantsColour({ flag: options.color, env: streams.env, isTty: stream.isTTY ?? false });
    this.colours = colours(isPainted(streams.stdout));
    this.#paintsProgress = isPainted(streams.stderr);
    this.progressColours = colours(this.#paintsProgress);
    onceClosed(streams.stdout, () => this.#closed.abort());
    onceClosed(streams.stderr, () => undefined);
  }

  /** Aborts when nobody reads stdout any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return !this.json && this.#streams.stdin.isTTY === true && this.showsPassingLines;
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
  progress(text: string): void {
    if (this.#live === undefined) this.#streams.stderr.write(`${text}\n`);
    else this.#live.writeAbove(`${text}\n`);
  }

  /** Whether lines can change in place: a terminal reads stderr. */
  get showsPassingLines(): boolean {
    return this.#streams.stderr.isTTY === true && this.#streams.env.TERM !== 'dumb';
  }

  /** The lines below what is said on stderr, made at the first call; undefined where lines cannot change in place. */
  passingLines(make: (stream: TerminalStream) => LiveLines): LiveLines | undefined {
    if (this.showsPassingLines) this.#live ??= make(this.#streams.stderr);
    return this.#live;
  }

  /** Takes the passing lines away; what is printed or asked does that, too. */
  endPassingLines(): void {
    this.#live?.clear();
  }

  /**
   * Asks a person yes or no, on stderr.
   * @throws PartyError `left` where they leave with Ctrl-C
   */
  async confirm(question: string): Promise<boolean> {
    const { confirm } = await import('@clack/prompts');
    const message = safeText(question);
    return this.#ask((streams) => confirm({ message, initialValue: false, ...streams }));
  }

  /**
   * Has a person choose, on stderr.
   * @throws PartyError `left` where they leave with Ctrl-C
   */
  async choose<T extends object>(
    question: string,
    choices: readonly { readonly value: T; readonly label: string }[],
  ): Promise<T> {
    const { select } = await import('@clack/prompts');
    const message = safeText(question);
    // Its type of an option is another one for each type of value.
    const options = choices.map(({ label }, value) => ({ value, label: safeText(label) }));
    const answer = await this.#ask((streams) => select<number>({ message, options, ...streams }));
    const chosen = choices[answer];
    if (chosen === undefined) throw new TypeError(`there is no choice ${answer}`);
    return chosen.value;
  }

  async #ask<Answer>(
    ask: (streams: { input: NodeJS.ReadStream; output: NodeJS.WriteStream }) => Promise<Answer>,
  ): Promise<Exclude<Answer, symbol>> {
    this.endPassingLines();
    const { stdin, stderr, env } = this.#streams;
    const { FORCE_COLOR } = env;
    // Whether the prompt has colours it asks Node, which looks here and at stdout.
    env.FORCE_COLOR = this.#paintsProgress ? '1' : '0';
    try {
      const answer = await ask({ input: stdin as NodeJS.ReadStream, output: stderr as NodeJS.WriteStream });
      if (typeof answer === 'symbol')
        throw new PartyError('left', 'no answer was given, and nothing was done');
      return answer as Exclude<Answer, symbol>;
    } finally {
      if (FORCE_COLOR === undefined) delete env.FORCE_COLOR;
      else env.FORCE_COLOR = FORCE_COLOR;
    }
  }

  #write(lines: readonly string[]): void {
    this.endPassingLines();
    if (lines.length > 0 && !this.#closed.signal.aborted) this.#streams.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** `after-party status | head` is no failure: the rest of the output is simply not wanted. */
function onceClosed(stream: TerminalStream, then: () => void): void {
  let isClosed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosed) return;
    if (error.code !== 'EPIPE') throw error;
    isClosed = true;
    then();
  });
}
