import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Claim, Progress, TaskOutcome, TaskRecord } from '../../../functions/ledger/index.ts';
import type { TaskContext, TaskOptions } from '../../../functions/task/index.ts';
import fc from '../../fast-check.ts';
import { seed } from '../../seed.ts';
import { numbers } from './numbers.ts';
import { TestParty } from './party.ts';
import { database, output, setUpParty } from './set-up-party.ts';

const RUNS = Number(process.env.ITERATION_HISTORIES ?? 100);

setUpParty();

/** What happens to the task once so many items have begun since the last of these. */
const events = ['yield', 'pause', 'cancel', 'rate', 'item fails', 'source fails', 'taken over'] as const;
type Event = (typeof events)[number];

const historyArbitrary = fc.record({
  items: fc.integer({ min: 0, max: 40 }),
  batchSize: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
  concurrency: fc.integer({ min: 1, max: 6 }),
  retries: fc.integer({ min: 0, max: 2 }),
  /** How many milliseconds each item takes, by turns. */
  delays: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
  limit: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
  events: fc.array(fc.record({ after: fc.integer({ min: 0, max: 15 }), event: fc.constantFrom(...events) }), {
    maxLength: 6,
  }),
});
type History = typeof historyArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** One history for each event, with time to see it: that each was seen does not hang on luck. */
const certainHistories = events.map((event): [History] => [
  {
    ...{ items: 20, batchSize: undefined, concurrency: 1, retries: 0, delays: [4], limit: undefined },
    events: [{ after: 2, event }],
  },
]);

/** How often each event, and each state behind an invocation, was seen. */
const seen = new Map<string, number>();
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

/** One task through all that happens to it, and the rules that hold at each write. */
class Play {
  readonly #history: History;
  readonly #party = new TestParty(database, 'ledger');
  readonly #completed = new Set<number>();
  readonly #events: { after: number; event: Event }[];
  #begun = 0;
  #ahead = 0;
  /** Where the clock of an invocation jumps to that has to yield, with time left to settle what has begun. */
  #yieldsAt = 0;
  #saved = 0;
  #failing: number | undefined;
  #isSourceFailing = false;

  constructor(history: History) {
    this.#history = history;
    this.#events = [...history.events];
    const { ports } = this.#party;
    const timing = { ...ports.timing, checkpoint: 2, cancelPoll: 5, grace: 10_000 };
    this.#party.ports = { ...ports, timing, now: () => Date.now() + this.#ahead };
    this.#party.add('1', this.#task());
    this.#watchWrites();
  }

  async run(): Promise<void> {
    let runId = await this.#begin();
    for (let invocation = 0; ; invocation++) {
      expect(invocation).toBeLessThan(100);
      this.#yieldsAt = this.#ahead + 889_000;
      await this.#party.invoke(runId);
      const record = await this.#party.record('1');
      count(record.state);
      this.#check(record);
      if (record.state === 'succeeded') break;
      if (record.state === 'running') {
        // Whoever took it over has come to nothing.
        this.#ahead += 3_600_000;
      }
      const goesOn = record.state === 'interrupted' && record.reason === undefined;
      if (!goesOn) runId = await this.#begin();
    }
    const { items } = this.#history;
    const record = await this.#party.record('1');
    expect(this.#completed.size).toBe(items);
    expect(record.progress).toMatchObject({ done: items });
    const odd = Math.ceil(items / 2);
    const all = `${items} ${items === 1 ? 'item' : 'items'}`;
    expect(record.result).toBe(items === 0 ? all : `${odd} of ${all} changed`);
  }

  #begin(): Promise<string> {
    const { limit } = this.#history;
    return this.#party.begin({ trigger: 'invoke', ...(limit === undefined ? {} : { limit }) });
  }

  #task(): TaskOptions {
    const { items, batchSize, concurrency, retries } = this.#history;
    const source = numbers(items, {
      before: () => {
        if (!this.#isSourceFailing) return;
        this.#isSourceFailing = false;
        throw new Error('the source fails');
      },
    });
    const common = { items: source, concurrency, retries };
    const process = (batch: readonly unknown[], ctx: TaskContext) => this.#process(batch.map(Number), ctx);
    return batchSize === undefined
      ? { ...common, process: (item: unknown, ctx: TaskContext) => process([item], ctx) }
      : { ...common, batchSize, processBatch: process };
  }

  async #process(batch: readonly number[], { signal }: TaskContext): Promise<number> {
    const [first = 0] = batch;
    // Nothing that was completed before the saved cursor is ever processed again.
    expect(first).toBeGreaterThan(this.#saved);
    await this.#nextEvent(batch);
    const { delays } = this.#history;
    await sleep(delays[first % delays.length], undefined, { signal });
    if (this.#failing === first) {
      this.#failing = undefined;
      throw new Error('the item fails');
    }
    for (const number of batch) this.#completed.add(number);
    return batch.filter((number) => number % 2 === 1).length;
  }

  async #nextEvent(batch: readonly number[]): Promise<void> {
    const [next] = this.#events;
    this.#begun += batch.length;
    if (next === undefined || this.#begun < next.after) return;
    this.#begun = 0;
    this.#events.shift();
    count(next.event);
    const { tasks } = this.#party.ledger;
    const request = { by: 'arn:me', at: new Date().toISOString() };
    switch (next.event) {
      case 'yield':
        this.#ahead = this.#yieldsAt;
        return;
      case 'pause':
      case 'cancel':
        await tasks.requestStop('1', { kind: next.event, ...request });
        return;
      case 'rate':
        await tasks.setRate('1', 500 + (batch[0] ?? 0) * 100);
        return;
      case 'item fails':
        this.#failing = batch[0];
        return;
      case 'source fails':
        this.#isSourceFailing = true;
        return;
      case 'taken over':
        await this.#takeOver();
    }
  }

  async #takeOver(): Promise<void> {
    const [task] = this.#party.selection;
    if (task === undefined) throw new Error('no task');
    const now = this.#party.ports.now() + 3_600_000;
    await this.#party.ledger.tasks.claim({
      task,
      runId: 'f'.repeat(32),
      asked: true,
      by: 'another',
      deployId: undefined,
      checksum: 'c0ffee',
      token: 'another',
      now: new Date(now).toISOString(),
      leaseUntil: new Date(now + 1).toISOString(),
    });
  }

  /** Looks at each place that is about to be kept. */
  #watchWrites(): void {
    const { tasks } = this.#party.ledger;
    const { checkpoint, finish, stop } = tasks;
    tasks.checkpoint = async (claim: Claim, cursor, progress, now) => {
      this.#checkPlace(cursor, progress);
      const demands = await checkpoint.call(tasks, claim, cursor, progress, now);
      if (demands !== undefined) this.#saved = Number(cursor ?? 0);
      return demands;
    };
    const looksAt = ({ cursor, progress, state }: TaskOutcome) => {
      if (state !== 'succeeded') this.#checkPlace(cursor, progress);
    };
    tasks.finish = (claim, outcome, now) => {
      looksAt(outcome);
      return finish.call(tasks, claim, outcome, now);
    };
    tasks.stop = (claim, outcome, obeyed, now) => {
      looksAt(outcome);
      return stop.call(tasks, claim, outcome, obeyed, now);
    };
  }

  /** The cursor is never beyond an unfinished item, and the progress says where it is. */
  #checkPlace(cursor: unknown, progress: Progress | undefined): void {
    const done = Number(cursor ?? 0);
    expect(done).toBeGreaterThanOrEqual(this.#saved);
    expect(progress?.done ?? 0).toBe(done);
    for (let number = 1; number <= done; number++) expect(this.#completed).toContain(number);
    if (done > 0) expect(progress?.changed).toBe(Math.ceil(done / 2));
  }

  #check(record: TaskRecord): void {
    if (record.state === 'succeeded') return;
    if (record.state !== 'running') this.#saved = Number(record.cursor ?? 0);
    this.#checkPlace(record.cursor, record.progress);
    if (record.state === 'failed') {
      expect(record.error?.message ?? record.reason).toMatch(
        /the item fails|the source (fails|of the items)/,
      );
    }
  }
}

it(`loses no item and repeats none before its cursor, in ${RUNS} histories`, async () => {
  await fc.assert(
    fc.asyncProperty(historyArbitrary, (history) => new Play(history).run()),
    { numRuns: RUNS, examples: certainHistories },
  );
  output.restore();
  const shown = [...seen].map(([what, times]) => `${what} ${times}`).join(', ');
  console.log(`seed ${seed}: ${shown}`);
  const states = ['interrupted', 'paused', 'cancelled', 'failed', 'succeeded', 'running'];
  for (const what of [...events, ...states]) expect(seen.get(what), what).toBeGreaterThan(0);
}, 600_000);
