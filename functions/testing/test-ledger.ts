import type {
  Children,
  Claim,
  Ledger,
  PlannedChild,
  TaskDemands,
  TaskOutcome,
  TaskRecord,
} from '../ledger/index.ts';
import { Holding } from '../runner/holding.ts';
import { versionKey } from '../task/version.ts';
import type { RunTaskOptions, TaskBefore, TaskRun } from './run-task.ts';
import { NAME, RUN_ID, VERSION } from './test-attempt.ts';
import type { TestClock } from './test-clock.ts';

const NOTHING: TaskDemands = { request: undefined, rate: undefined };
/** Always the same, so that a child keeps its idempotency key. */
const PLAN = new Date(0).toISOString();

/** Takes the place of the table: it holds one task, claimed, and keeps what becomes of it. */
export class TestLedger {
  /** What the runner reads and writes besides what it holds. */
  readonly ports: Ledger;
  readonly holding: Holding;
  readonly #children: PlannedChild[] = [];
  #outcome: Outcome | undefined;

  constructor(clock: TestClock, options: RunTaskOptions) {
    const records = new Map(
      (options.tasksBefore ?? []).map((task) => [versionKey(task.version), taskRecord(task)]),
    );
    const plan = async (_task: unknown, _plan: string, number: number, child: PlannedChild) => {
      this.#children[number - 1] = child;
    };
    // Nothing else of it is asked for in one attempt.
    this.ports = {
      id: 'test',
      runs: { standing: async () => ({ state: 'running' }) },
      tasks: { all: async () => records },
      children: () => ({ plan }),
    } as unknown as Ledger;
    this.holding = new TestHolding(this.ports, claimOf(clock, options), options.signal, (outcome) => {
      this.#outcome = outcome === 'fanned-out' ? { state: outcome, children: this.#children } : outcome;
    });
  }

  get outcome(): Outcome {
    if (this.#outcome === undefined) throw new Error('the runner has not recorded how the task ended');
    return this.#outcome;
  }
}

type Outcome = Omit<TaskRun, 'processed' | 'logs'>;

class TestHolding extends Holding {
  readonly #cancelling: AbortSignal | undefined;
  readonly #keep: (outcome: Outcome | 'fanned-out') => void;

  constructor(
    ledger: Ledger,
    claim: Claim,
    cancelling: AbortSignal | undefined,
    keep: (outcome: Outcome | 'fanned-out') => void,
  ) {
    super(ledger, claim);
    this.#cancelling = cancelling;
    this.#keep = keep;
  }

  override checkpoint(): Promise<TaskDemands> {
    return this.demands();
  }

  override async demands(): Promise<TaskDemands> {
    if (this.#cancelling?.aborted !== true) return NOTHING;
    return { ...NOTHING, request: { kind: 'cancel', by: 'a test', at: this.claim.startedAt } };
  }

  override async finish({ logs: _, by: _by, ...outcome }: TaskOutcome): Promise<true> {
    this.#keep(outcome as Outcome);
    return true;
  }

  override finishDryRun(outcome: TaskOutcome): Promise<true> {
    return this.finish(outcome);
  }

  override async fanOut(_children: Children): Promise<true> {
    this.#keep('fanned-out');
    return true;
  }
}

function taskRecord(task: TaskBefore): Partial<TaskRecord> {
  return { ...task, lastRun: RUN_ID };
}

function claimOf(clock: TestClock, { cursor, progress, key, shard, attempt = 1 }: RunTaskOptions): Claim {
  const startedAt = new Date(clock.startedAt).toISOString();
  return {
    version: VERSION,
    name: NAME,
    runId: RUN_ID,
    token: 'test',
    attempt,
    startedAt,
    beganAt: startedAt,
    history: [],
    succeededAt: undefined,
    resetAt: undefined,
    lastRun: undefined,
    cursor,
    progress,
    rate: undefined,
    key,
    shard,
    plan: key === undefined && shard === undefined ? undefined : PLAN,
    previous: undefined,
  };
}
