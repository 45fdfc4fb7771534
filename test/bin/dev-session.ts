import type { ChildProcess } from 'node:child_process';
import { type ProgramEnd, runProgramFile } from './child-program.ts';

/** `after-party dev` in a folder, as a person watches it. */
export class DevSession {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  #unread = '';
  #heard: () => void = () => undefined;

  constructor(cwd: string, ...argv: string[]) {
    let started: ChildProcess | undefined;
    this.ended = runProgramFile(['dev', ...argv], {
      cwd,
      meanwhile: (child) => {
        started = child;
      },
    });
    if (started === undefined) throw new Error('the program was not started');
    this.#child = started;
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (said) => {
        this.#unread += String(said);
        this.#heard();
      });
    void this.ended.then(() => this.#heard());
  }

  /** Waits until it says this, and returns what it said since the last time, up to there. */
  async says(words: string): Promise<string> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    for (;;) {
      const end = this.#unread.indexOf(words) + words.length;
      if (end >= words.length) {
        const said = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end);
        return said;
      }
      if (hasEnded) throw new Error(`it ended without ${JSON.stringify(words)}, but said:\n${this.#unread}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** What it says from one run up to when it waits for the next. */
  round(): Promise<string> {
    return this.says('waiting for changes (Ctrl-C to end)');
  }

  async interrupt(): Promise<ProgramEnd> {
    this.#child.kill('SIGINT');
    return this.ended;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
