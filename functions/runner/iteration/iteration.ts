import { messageOf } from '../../errors.ts';
import type { TaskContext } from '../../task/context.ts';
import { checkCursor } from '../../task/cursor.ts';
import type { TaskItems } from '../../task/define-task.ts';
import type { Json, Shard } from '../../task/source.ts';
import type { Bookmark } from '../bookmark.ts';
import type { RunnerPorts } from '../ports.ts';
import type { StopSignal } from '../stop-signal.ts';
import type { StopWatch } from '../stop-watch.ts';
import { clearTimeout, nextTurn, setTimeout } from '../timers.ts';
import { pauseAfter } from '../tries.ts';
import { CompletedItems, type Unit } from './completed-items.ts';
import { itemCount, positionOf } from './item-words.ts';
import { type Arrival, countItems, ItemsReading, openItems, thrownBy } from './items-reader.ts';
import { Pace } from './pace.ts';
import { changedBy, Tally } from './tally.ts';

/** Units that may be completed behind an unfinished one, for each that is processed at a time. */
const AHEAD = 16;
/** Timers and sockets get their turn at least so often, in milliseconds. */
const TURN = 20;
const LONGEST_HOLD = 30;

/** What one invocation's part of an iteration works with. */
export interface IterationSetup {
  readonly items: TaskItems;
  readonly retries: number;
  /** At most so many items in this run. */
  readonly limit: number | undefined;
  /** Whether an earlier invocation of this run was at it. */
  readonly isContinued: boolean;
  /** The share of the items that is processed here; undefined for all of them. */
  readonly shard: Shard | undefined;
  readonly stop: StopSignal;
  readonly watch: StopWatch;
  readonly bookmark: Bookmark;
  readonly ports: RunnerPorts;
}

/** What one invocation does of a task's items: in the order of their source, some at a time. */
export class Iteration {
  readonly #setup: IterationSetup;
  readonly #completed = new CompletedItems();
  readonly #pace: Pace;
  readonly #failures: { unit?: Unit; error: unknown }[] = [];
  readonly #tally: Tally;
  /** Items read, in all attempts. */
  #read: number;
  #inFlight = 0;
  #slowest = 0;
  #turnAt: number;
  #askAt = Number.NEGATIVE_INFINITY;
  #end: 'source' | 'limit' | undefined;
  #wake: () => void = () => undefined;
  /** Whether the task held itself back. */
  wasHeldBack = false;
  /** Whether items were completed here with all before them. */
  hasMoved = false;
  /** Whether the source went on reading when it was told to end. */
  isSourceOpen = false;
  /** What an item threw before this invocation had to leave it. */
  lastError: unknown;

  constructor(setup: IterationSetup) {
    this.#setup = setup;
    const { bookmark, ports, watch, items } = setup;
    this.#tally = new Tally(bookmark.progress, setup.limit, setup.isContinued);
    this.#read = this.#tally.done;
    this.#turnAt = ports.now();
    this.#pace = new Pace(() => watch.rate(items.rate), ports.now);
    setup.stop.asked.addEventListener('abort', () => this.#wake());
  }

  /** Whether something has begun of which is not known what came of it. */
  get isUnderWay(): boolean {
    return this.#completed.length > 0;
  }

  /** What failed, and where it is among all items. */
  get failed(): { readonly unit: Unit; readonly position: string } | undefined {
    const unit = this.#firstFailure()?.unit;
    return unit && { unit, position: positionOf(unit, this.#tally.total) };
  }

  /**
   * Processes items until there are no more, or the task is told to stop.
   * @returns what came of all items; undefined if it stopped before their end
   * @throws what the first item that failed threw, or what threw in place of an item
   */
  async go(ctx: TaskContext): Promise<string | undefined> {
    const { items, bookmark, shard, stop, watch } = this.#setup;
    const reader = await openItems(items, ctx, shard);
    const isNew = bookmark.progress === undefined;
    if (isNew) this.#tally.total = await countItems(items, reader, ctx, shard);
    bookmark.startNow();
    if (isNew) bookmark.move(bookmark.cursor, this.#tally.progress);
    const reading = new ItemsReading(reader, {
      cursor: bookmark.cursor,
      signal: stop.signal,
      task: ctx.name,
    });
    try {
      for (;;) {
        const unit = await this.#nextUnit(reading);
        if (unit === undefined || !(await this.#isItsTurn(unit, ctx))) break;
        this.#begin(unit, ctx);
      }
      await this.#until(() => this.#inFlight === 0);
    } finally {
      this.isSourceOpen = !(await reading.close(watch.grace, ctx.logger));
    }
    const failure = this.#firstFailure();
    if (failure !== undefined) throw failure.error;
    // A stop may have come between the end and the last items that were read before it.
    if (this.#tally.done < this.#read) return undefined;
    if (this.#end === 'source') return this.#tally.result;
    if (this.#end === 'limit') {
      stop.ask({ state: 'interrupted', reason: `limit of ${itemCount(this.#setup.limit ?? 0)} reached` });
    }
    return undefined;
  }

  /** The items that are processed next together; undefined where there are none, or shall be none. */
  async #nextUnit(reading: ItemsReading): Promise<Unit | undefined> {
    const { items, ports } = this.#setup;
    const batch: unknown[] = [];
    const number = this.#read + 1;
    let cursor: Json = null;
    while (batch.length < items.batchSize && this.#end === undefined) {
      if (ports.now() - this.#turnAt >= TURN) await this.#letOthersTurn();
      let arrival: Arrival | undefined;
      reading.next((arrived) => {
        arrival = arrived;
        this.#wake();
      });
      await this.#until(() => arrival !== undefined || this.#isStopping);
      // Its type does not know of the callback.
      const arrived = arrival as Arrival | undefined;
      if (arrived === undefined || this.#isStopping) return undefined;
      if ('error' in arrived) {
        const error = this.#read === 0 ? arrived.error : this.#behindItem(arrived.error);
        this.#failures.push({ error });
        return undefined;
      }
      if ('end' in arrived) this.#end = 'source';
      else if (this.#tally.isLimit(this.#read)) this.#end = 'limit';
      else {
        this.#read += 1;
        batch.push(arrived.item);
        cursor = arrived.cursor;
      }
    }
    return batch.length === 0 ? undefined : { items: batch, number, cursor, startedAt: ports.now() };
  }

  /** Waits until a unit may begin; false if none shall any more. */
  async #isItsTurn(unit: Unit, ctx: TaskContext): Promise<boolean> {
    const { items, watch, ports } = this.#setup;
    const { concurrency } = items;
    const hasRoom = () => this.#inFlight < concurrency && this.#completed.length < concurrency * AHEAD;
    if (!hasRoom()) await this.#until(() => this.#isStopping || hasRoom());
    if (items.pauseWhile !== undefined && ports.now() >= this.#askAt) await this.#holdBack(ctx);
    for (let wait = this.#pace.wait; wait > 0 && !this.#isStopping; wait = this.#pace.wait) {
      // Seldom enough, and often enough to see that the rate has changed.
      await this.#sleep(Math.min(wait, 1_000));
    }
    watch.yieldUnlessTimeFor(this.#slowest);
    if (this.#isStopping) return false;
    this.#pace.take(unit.items.length);
    return true;
  }

  async #holdBack(ctx: TaskContext): Promise<void> {
    const { items, bookmark, ports } = this.#setup;
    const { second } = ports.timing;
    const isHeldBack = async () => items.pauseWhile?.(ctx);
    try {
      for (let pause = 2; !this.#isStopping && (await isHeldBack()); pause *= 2) {
        if (!this.wasHeldBack) ctx.logger.info('held back by its "pauseWhile"');
        this.wasHeldBack = true;
        await bookmark.save();
        await this.#sleep(Math.min(pause, LONGEST_HOLD) * second);
      }
    } catch (error) {
      this.#failures.push({ error: thrownBy('pauseWhile', error) });
    }
    this.#askAt = ports.now() + second;
  }

  #begin(unit: Unit, ctx: TaskContext): void {
    this.#inFlight += 1;
    this.#completed.begin(unit);
    void this.#process(unit, ctx).then(() => {
      this.#inFlight -= 1;
      this.#slowest = Math.max(this.#slowest, this.#setup.ports.now() - unit.startedAt);
      this.#wake();
    });
  }

  async #process(unit: Unit, ctx: TaskContext): Promise<void> {
    const { items, retries, stop, ports } = this.#setup;
    for (let attempt = 1; ; attempt++) {
      try {
        unit.completed = { changed: changedBy(await items.process(unit.items, ctx)) };
        this.#passCompleted();
        return;
      } catch (error) {
        const isLast = attempt > retries;
        if (!isLast && !stop.asked.aborted) {
          const pause = pauseAfter(attempt);
          const what = positionOf(unit, this.#tally.total);
          ctx.logger.warn(`try ${attempt} of ${what} failed, the next is in ${pause} s`, {
            error: messageOf(error),
          });
          await this.#sleepUnlessAsked(pause * ports.timing.second);
          if (!stop.asked.aborted) continue;
        }
        const isAbort = stop.signal.aborted && error instanceof Error && error.name === 'AbortError';
        if (isLast && !isAbort) this.#failures.push({ unit, error });
        else if (!isAbort) this.lastError = error;
        return;
      }
    }
  }

  /** Moves the bookmark past everything that is completed with all before it. */
  #passCompleted(): void {
    const { bookmark } = this.#setup;
    for (let unit = this.#completed.passable; unit !== undefined; unit = this.#completed.passable) {
      const last = unit.number + unit.items.length - 1;
      try {
        checkCursor(unit.cursor, `the cursor behind item ${last.toLocaleString('en')}`);
      } catch (error) {
        this.#failures.push({ unit, error });
        return;
      }
      this.#completed.pass();
      this.#tally.pass(unit);
      this.hasMoved = true;
      bookmark.move(unit.cursor, this.#tally.progress);
    }
  }

  #firstFailure(): { unit?: Unit; error: unknown } | undefined {
    const inOrder = this.#failures.toSorted(
      (a, b) => (a.unit?.number ?? Number.POSITIVE_INFINITY) - (b.unit?.number ?? Number.POSITIVE_INFINITY),
    );
    return inOrder[0];
  }

  #behindItem(error: unknown): Error {
    const place = `item ${this.#read.toLocaleString('en')}`;
    return new Error(`the source of the items threw behind ${place}`, { cause: error });
  }

  get #isStopping(): boolean {
    return this.#failures.length > 0 || this.#setup.stop.asked.aborted;
  }

  /** Waits for a condition that an arrival, a completed item, a stop or a timer may bring about. */
  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake();
    }, milliseconds);
    await this.#until(() => isOver || this.#isStopping);
    clearTimeout(timer);
  }

  /** Beside the loop, which alone may wait for what wakes it. */
  #sleepUnlessAsked(milliseconds: number): Promise<void> {
    const { asked } = this.#setup.stop;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        asked.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      asked.addEventListener('abort', end);
    });
  }

  /** A source in memory would otherwise keep every timer and socket waiting. */
  async #letOthersTurn(): Promise<void> {
    await nextTurn();
    this.#turnAt = this.#setup.ports.now();
  }
}
