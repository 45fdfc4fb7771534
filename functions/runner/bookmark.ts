import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../errors.ts';
import type { Progress, TaskDemands } from '../ledger/index.ts';
import type { TaskLogger } from '../task/context.ts';
import type { Json } from '../task/source.ts';
import type { Holding } from './holding.ts';
import type { RunnerPorts } from './ports.ts';
import { clearTimeout, setTimeout } from './timers.ts';

/** What a bookmark needs to be saved. */
export interface BookmarkKeeper {
  readonly ports: RunnerPorts;
  readonly holding: Holding;
  readonly log: TaskLogger;
  /** A dry run leaves none behind. */
  readonly isSaved: boolean;
  /** Told with each save what people ask of the task. */
  readonly onSaved: (demands: TaskDemands | undefined) => void;
}

/** How far an attempt has come: kept in the ledger as it goes, at most so often. */
export class Bookmark {
  readonly #keeper: BookmarkKeeper;
  #cursor: Json | undefined;
  #progress: Progress | undefined;
  #savedAt = Number.NEGATIVE_INFINITY;
  #isSaved = true;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;

  constructor(keeper: BookmarkKeeper) {
    this.#keeper = keeper;
    const { cursor, progress } = keeper.holding.claim;
    // The ledger keeps a cursor as JSON.
    this.#cursor = cursor as Json | undefined;
    // What is left of an execution that had come to its end.
    this.#progress = cursor === undefined ? undefined : progress;
  }

  get cursor(): Json | undefined {
    return this.#cursor;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** Whether it is elsewhere than where an earlier attempt left it. */
  get hasMoved(): boolean {
    return !isDeepStrictEqual(this.#cursor, this.#keeper.holding.claim.cursor);
  }

  /** Whether a save would not come too soon after the last. */
  get isDue(): boolean {
    const { now, timing } = this.#keeper.ports;
    return now() - this.#savedAt >= timing.checkpoint;
  }

  /** Has the first save wait as long as a further one would. */
  startNow(): void {
    this.#savedAt = this.#keeper.ports.now();
  }

  /** Moves on; saved soon, with whatever else comes until then. */
  move(cursor: Json | undefined, progress: Progress | undefined): void {
    this.#cursor = cursor;
    this.#progress = progress;
    this.#isSaved = false;
    this.#saveSoon();
  }

  /** Saves what is not saved yet. A save that fails is made up for by the next. */
  async save(): Promise<void> {
    await this.#saving;
    if (this.#isSaved || this.#isClosed || !this.#keeper.isSaved) return;
    this.#saving = this.#write().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
    if (!this.#isSaved) this.#saveSoon();
  }

  /** Saves no more: whoever records how the attempt ended keeps the rest with it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#saving;
  }

  #saveSoon(): void {
    if (this.#timer !== undefined || this.#saving !== undefined || this.#isClosed) return;
    const { ports } = this.#keeper;
    const wait = Math.max(0, this.#savedAt + ports.timing.checkpoint - ports.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, wait);
  }

  async #write(): Promise<void> {
    const { ports, holding, log, onSaved } = this.#keeper;
    const now = ports.now();
    this.#savedAt = now;
    this.#isSaved = true;
    try {
      const iso = new Date(now).toISOString();
      onSaved(await holding.checkpoint(this.#cursor, this.#progress, iso));
    } catch (error) {
      this.#isSaved = false;
      log.warn('could not save how far the task has come', { error: messageOf(error) });
    }
  }
}
