import { appendFileSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunnerLogs } from '../controller/ports.ts';
import type { LogLine, LogLines } from '../controller/requests.ts';
import { parseRunnerLine, type RunnerLogLine } from '../controller/runner-log-line.ts';

const PAGE = 500;

/** A line as it is kept: of a task, or of the runner before and between tasks. */
export interface LocalLogLine extends RunnerLogLine {
  readonly run: string;
}

/** Takes one line after the other. */
export type LineListener = (text: string) => void;

/** The runner's log lines, a file per run. */
export class LocalLogs implements RunnerLogs {
  readonly #folder: string;
  readonly #onLine: (line: LocalLogLine) => void;

  private constructor(folder: string, onLine: (line: LocalLogLine) => void) {
    this.#folder = folder;
    this.#onLine = onLine;
  }

  static async open(partyFolder: string, onLine: (line: LocalLogLine) => void): Promise<LocalLogs> {
    const folder = join(partyFolder, 'logs');
    await mkdir(folder, { recursive: true });
    return new LocalLogs(folder, onLine);
  }

  /** Keeps what one process says in a run. */
  listener(runId: string): LineListener {
    // A crash writes plain lines that name no task: they are of whoever spoke last.
    let speaker: Speaker = {};
    return (text) => {
      const said = parseRunnerLine(text);
      const plain = { at: new Date().toISOString(), level: 'INFO', message: text, ...speaker };
      const line: LocalLogLine = { ...(said ?? plain), run: runId };
      const { at: _, level: __, message: ___, ...named } = line;
      if (named.version !== undefined) speaker = named;
      appendFileSync(join(this.#folder, `${runId}.jsonl`), `${JSON.stringify(line)}\n`);
      this.#onLine(line);
    };
  }

  async read(query: { version: string; since?: string; token?: string }): Promise<LogLines> {
    const files = (await readdir(this.#folder)).filter((name) => name.endsWith('.jsonl'));
    const all = (await Promise.all(files.map((name) => this.#linesOf(name)))).flat();
    const lines = all
      .filter(
        ({ version, at }) => version === query.version && (query.since === undefined || at >= query.since),
      )
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const from = Number(query.token ?? 0);
    const to = from + PAGE;
    return { lines: lines.slice(from, to), token: to < lines.length ? String(to) : null };
  }

  async tail(query: { version: string; runId: string; limit: number }): Promise<readonly LogLine[]> {
    const name = `${query.runId}.jsonl`;
    if (!(await readdir(this.#folder)).includes(name)) return [];
    const lines = await this.#linesOf(name);
    return lines.filter(({ version }) => version === query.version).slice(-query.limit);
  }

  async #linesOf(name: string): Promise<LocalLogLine[]> {
    const file = join(this.#folder, name);
    const text = await readFile(file, 'utf8');
    // What follows the last line end is being written.
    const lines = text.split('\n').slice(0, -1).map(parseLine);
    return lines.map((line, index) => {
      if (line !== undefined) return line;
      // A process that is killed while it writes leaves half a line: it is shown with the lines around it.
      const beside = lines.slice(0, index).findLast(isLine) ?? lines.find(isLine);
      const message = `this line of the log is damaged: line ${index + 1} of ${file}`;
      return {
        at: new Date(0).toISOString(),
        run: basename(name, '.jsonl'),
        ...beside,
        level: 'ERROR',
        message,
      };
    });
  }
}

function parseLine(text: string): LocalLogLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null && 'at' in line ? (line as LocalLogLine) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isLine(line: LocalLogLine | undefined): line is LocalLogLine {
  return line !== undefined;
}

type Speaker = Partial<Omit<LocalLogLine, 'at' | 'level' | 'message'>>;
