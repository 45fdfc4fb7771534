import type { Progress } from '../ledger/index.ts';
import type { RunContext, TaskProgress } from '../task/context.ts';
import { checkCursor } from '../task/cursor.ts';
import type { Bookmark } from './bookmark.ts';
import type { RunnerPorts } from './ports.ts';
import type { StopSignal } from './stop-signal.ts';
import type { StopWatch } from './stop-watch.ts';

/** What `checkpoint` works with. */
export interface ResumptionSetup {
  readonly bookmark: Bookmark;
  readonly stop: StopSignal;
  readonly watch: StopWatch;
  readonly ports: RunnerPorts;
  /** Called when the task has been told to return. */
  readonly onYield: () => void;
}

/** The part of a `run` task's context by which it goes on where an earlier attempt stopped. */
export function createResumption(setup: ResumptionSetup): Pick<RunContext, 'cursor' | 'checkpoint'> {
  const { bookmark, stop, watch, ports, onYield } = setup;
  let lastAt = ports.now();
  let longest = watch.grace;
  return {
    cursor: bookmark.cursor,
    async checkpoint(cursor, progress) {
      checkCursor(cursor, 'the cursor given to checkpoint');
      bookmark.move(cursor, progress === undefined ? bookmark.progress : checkedProgress(progress));
      if (bookmark.isDue) await bookmark.save();
      const now = ports.now();
      longest = Math.max(longest, now - lastAt);
      lastAt = now;
      // What comes until the next checkpoint may take as long as it has taken before.
      watch.yieldUnlessTimeFor(longest);
      if (!stop.asked.aborted) return true;
      onYield();
      return false;
    },
  };
}

/** @throws TypeError */
function checkedProgress({ done, total }: TaskProgress): Progress {
  for (const [name, value] of Object.entries({ done, total: total ?? 0 })) {
    if (Number.isInteger(value) && value >= 0) continue;
    throw new TypeError(
      `the ${name} given to checkpoint is ${JSON.stringify(value)}: expected a whole number, 0 or more`,
    );
  }
  return { done, ...(total === undefined ? {} : { total }) };
}
