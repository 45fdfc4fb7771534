import type { LogLine } from '../../functions/controller/requests.ts';
import type { PartyClient } from './party-client.ts';

/** CloudWatch may show a line some seconds after a later one: each read goes back this far. */
const OVERLAP_MILLISECONDS = 10_000;

/** Reads a task's log lines again and again, and returns each line once. */
export class LogReader {
  readonly #party: PartyClient;
  readonly #names: string[];
  #since: string;
  #seen: ReadonlyMap<string, number> = new Map();

  constructor(party: PartyClient, name: string, since: string) {
    this.#party = party;
    this.#names = [name];
    this.#since = since;
  }

  /** The lines that were not there before, oldest first. */
  async read(): Promise<LogLine[]> {
    const counted = new Map<string, number>();
    const fresh: LogLine[] = [];
    for await (const line of this.#lines()) {
      const key = JSON.stringify([
        line.at,
        line.level,
        line.message,
        line.run,
        line.attempt,
        line.key,
        line.shard,
      ]);
      // A task may well write one line twice in a millisecond: both are shown.
      const count = (counted.get(key) ?? 0) + 1;
      counted.set(key, count);
      if (count > (this.#seen.get(key) ?? 0)) fresh.push(line);
    }
    this.#seen = counted;
    const newest = fresh
      .map((line) => Date.parse(line.at))
      .reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    if (Number.isFinite(newest)) this.#goOnFrom(newest - OVERLAP_MILLISECONDS);
    return fresh;
  }

  async *#lines(): AsyncGenerator<LogLine> {
    let token: string | null = null;
    do {
      const page: { lines: readonly LogLine[]; token: string | null } = await this.#party.ask({
        request: 'logs',
        names: this.#names,
        since: this.#since,
        ...(token !== null && { token }),
      });
      yield* page.lines;
      token = page.token;
    } while (token !== null);
  }

  #goOnFrom(time: number): void {
    if (this.#since === undefined || time > Date.parse(this.#since))
      this.#since = new Date(time).toISOString();
  }
}
