import { type IPty, spawn } from '@lydell/node-pty';
import { onTestFinished } from 'vitest';
import { PROGRAM } from './child-program.ts';
import { Screen } from './terminal/screen.ts';

/** What ends a wait that would have no end. */
const PATIENCE_MS = 45_000;

export const CTRL_C = '\u0003';

export interface TerminalOptions {
  readonly cwd: string;
  readonly columns?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** The program in a terminal of its own, as a person starts it there; it is killed when the test ends. */
export function openTerminal(argv: readonly string[], options: TerminalOptions): PseudoTerminal {
  const terminal = new PseudoTerminal(argv, options);
  onTestFinished(() => terminal.kill());
  return terminal;
}

export class PseudoTerminal {
  readonly #pty: IPty;
  readonly #screen: Screen;
  readonly #ended: Promise<number>;
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;
  /** All that was written to it, with its control characters. */
  written = '';

  constructor(argv: readonly string[], { cwd, columns = 100, env = {} }: TerminalOptions) {
    this.#screen = new Screen(columns);
    this.#pty = spawn(process.execPath, [PROGRAM, ...argv], {
      ...{ cwd, cols: columns, rows: 30, name: env.TERM ?? 'xterm-256color' },
      env: { PATH: process.env.PATH, HOME: '/nowhere', USER: 'ann', ...env },
    });
    this.#pty.onData((text) => {
      this.written += text;
      this.#screen.write(text);
      this.#tell();
    });
    this.#ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal = 0 }) => {
        this.#hasEnded = true;
        resolve(signal === 0 ? exitCode : 128 + signal);
        this.#tell();
      });
    });
  }

  /** What a person sees. */
  get text(): string {
    return this.#screen.text;
  }

  /** Whether there is a cursor, which a program that hides it has to give back. */
  get hasCursor(): boolean {
    return this.#screen.cursor;
  }

  /** Returns when a person sees these words. */
  async sees(words: string | RegExp): Promise<void> {
    const isSeen = () => (typeof words === 'string' ? this.text.includes(words) : words.test(this.text));
    await this.#until(isSeen, `to show ${words}`, () => this.#hasEnded);
  }

  /** The exit code as a shell knows it. */
  async end(): Promise<number> {
    await this.#until(
      () => this.#hasEnded,
      'to end',
      () => false,
    );
    return this.#ended;
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  resize(columns: number): void {
    this.#screen.resize(columns);
    this.#pty.resize(columns, 30);
  }

  kill(): void {
    if (!this.#hasEnded) this.#pty.kill('SIGKILL');
  }

  async #until(isTrue: () => boolean, what: string, isHopeless: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const give = (why: string) => reject(new Error(`${why} the program ${what}; it shows:\n${this.text}`));
    const look = () => {
      if (isTrue()) resolve();
      else if (isHopeless()) give('in vain');
    };
    const timeout = setTimeout(() => give(`waited too long for`), PATIENCE_MS);
    this.#watchers.add(look);
    look();
    await promise.finally(() => {
      clearTimeout(timeout);
      this.#watchers.delete(look);
    });
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
