import { messageOf, PartyError } from '../../errors.ts';
import type { TaskContext, TaskLogger } from '../../task/context.ts';
import type { TaskItems } from '../../task/define-task.ts';
import { isSource, type Json, readerOf, type Shard, type SourceReader } from '../../task/source.ts';
import { clearTimeout, setTimeout } from '../timers.ts';

/** What an option of the task's author threw, named by the option. */
export function thrownBy(option: string, error: unknown): Error {
  return new Error(`the task's "${option}" threw`, { cause: error });
}

/**
 * The reader of what the task's `items` gives, or of a shard of it where the source splits itself.
 * @throws Error naming the option, TypeError where it gives no source
 */
export async function openItems(
  items: TaskItems,
  ctx: TaskContext,
  shard: Shard | undefined,
): Promise<SourceReader<unknown>> {
  const source: unknown = await items.source(ctx).catch((error: unknown) => {
    throw thrownBy('items', error);
  });
  if (isSource(source)) {
    const reader = readerOf(source);
    if (!reader.splits) return reader;
    return { ...reader, read: (position) => reader.read({ ...position, shard }) };
  }
  throw new TypeError(
    `the task's "items" gave ${source === null ? 'null' : typeof source}: expected a source of after-party/sources`,
  );
}

/**
 * About how many items there are, by the task's own `count` or the source's; in a shard of a source that splits
 * itself, its part of them.
 * @throws Error naming the option, TypeError for what is no number of items
 */
export async function countItems(
  items: TaskItems,
  reader: SourceReader<unknown>,
  ctx: TaskContext,
  shard: Shard | undefined,
): Promise<number | undefined> {
  const count = await (async () => (items.count === undefined ? reader.count?.() : items.count(ctx)))().catch(
    (error: unknown) => {
      throw thrownBy(items.count === undefined ? 'items' : 'count', error);
    },
  );
  if (count === undefined) return undefined;
  if (typeof count === 'number' && count >= 0 && Number.isFinite(count)) {
    return Math.round(reader.splits && shard !== undefined ? count / shard.count : count);
  }
  throw new TypeError(`the task's "count" gave ${messageOf(count)}: expected a number of items`);
}

/** What a source gives next: an item with the cursor behind it, the end, or what it threw. */
export type Arrival =
  | { readonly item: unknown; readonly cursor: Json }
  | { readonly end: true }
  | { readonly error: unknown };

/** Where a reading begins, and what ends it. */
export interface ReadingSetup {
  readonly cursor: Json | undefined;
  readonly signal: AbortSignal;
  /** The name of the task whose items they are. */
  readonly task: string;
}

/** One reading of a source, which nobody has to wait for. */
export class ItemsReading {
  readonly #iterator: AsyncIterator<readonly [unknown, Json]>;
  readonly #closing = new AbortController();
  readonly #resumed: Json | undefined;
  readonly #task: string;
  #hasBegun = false;

  constructor(reader: SourceReader<unknown>, { cursor, signal, task }: ReadingSetup) {
    this.#resumed = cursor;
    this.#task = task;
    const position = { cursor, signal: AbortSignal.any([signal, this.#closing.signal]) };
    try {
      this.#iterator = reader.read(position)[Symbol.asyncIterator]();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Calls back with what comes next. */
  next(onArrival: (arrival: Arrival) => void): void {
    this.#iterator.next().then(
      (result) => {
        this.#hasBegun = true;
        if (result.done === true) onArrival({ end: true });
        else onArrival({ item: result.value[0], cursor: result.value[1] });
      },
      (error: unknown) => onArrival({ error: this.#explain(error) }),
    );
  }

  /**
   * Has the source clean up behind itself.
   * @returns whether it did so in time
   */
  async close(milliseconds: number, log: TaskLogger): Promise<boolean> {
    this.#closing.abort();
    const closed = (this.#iterator.return?.() ?? Promise.resolve()).then(
      () => true,
      (error: unknown) => {
        log.warn('the source of the items threw while it was closed', { error: messageOf(error) });
        return true;
      },
    );
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), milliseconds);
    return Promise.race([closed, late.promise]).finally(() => clearTimeout(timer));
  }

  #explain(error: unknown): unknown {
    const isRefusal = error instanceof RangeError && this.#resumed !== undefined && !this.#hasBegun;
    if (!isRefusal) return error;
    return new PartyError(
      'cursor-refused',
      `the task's source cannot go on from the cursor that was kept: ${error.message}`,
      `begin anew: npx after-party invoke ${this.#task} --from-start`,
      { cause: error },
    );
  }
}
