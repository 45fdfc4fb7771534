import type {
  AttemptRecords,
  Children,
  Claim,
  Ledger,
  Progress,
  StopRequest,
  TaskDemands,
  TaskOutcome,
  TaskRecord,
} from '../ledger/index.ts';

/** A task that an invocation has claimed: its record, and what people ask of it. */
export class Holding {
  readonly claim: Claim;
  protected readonly ledger: Ledger;
  readonly #records: AttemptRecords;

  constructor(ledger: Ledger, claim: Claim, records: AttemptRecords = ledger.tasks) {
    this.ledger = ledger;
    this.claim = claim;
    this.#records = records;
  }

  /** Items per second, where a person has set it. */
  get rate(): number | undefined {
    return this.claim.rate;
  }

  /**
   * Saves how far it has come.
   * @returns what people ask of it; undefined where it is no longer this invocation's
   */
  checkpoint(cursor: unknown, progress: Progress | undefined, now: string): Promise<TaskDemands | undefined> {
    return this.#records.checkpoint(this.claim, cursor, progress, now);
  }

  /** What people ask of it; undefined where it is no longer this invocation's. */
  demands(): Promise<TaskDemands | undefined> {
    return this.#records.demands(this.claim);
  }

  /**
   * Records how the attempt ended.
   * @param obeyed what a person has asked of it, as far as the attempt knows
   * @returns what is asked of it now, if that would end it otherwise; false if somebody else has settled it since
   */
  finish(outcome: TaskOutcome, obeyed: StopRequest | undefined, now: string): Promise<boolean | TaskDemands> {
    const isStopped = outcome.state === 'interrupted' || outcome.state === 'paused';
    return isStopped
      ? this.#records.stop(this.claim, outcome, obeyed, now)
      : this.#records.finish(this.claim, outcome, now);
  }

  /** @returns false if somebody else has settled it since */
  finishDryRun(outcome: TaskOutcome, now: string): Promise<boolean> {
    return this.#records.finishDryRun(this.claim, outcome, now);
  }

  /**
   * Records that its children are planned.
   * @returns false if somebody else has settled it since
   */
  fanOut(children: Children, now: string): Promise<boolean> {
    return this.ledger.tasks.fanOut(this.claim, children, now);
  }

  /** Gives it back before anything was begun. */
  release(now: string): Promise<void> {
    return this.#records.release(this.claim, now);
  }
}

/** A child of a task that an invocation has claimed; what people ask, they ask of the task. */
export class ChildHolding extends Holding {
  readonly #isDryRun: boolean;
  #asked: TaskDemands = { request: undefined, rate: undefined };

  constructor(ledger: Ledger, claim: Claim, records: AttemptRecords, isDryRun: boolean) {
    super(ledger, claim, records);
    this.#isDryRun = isDryRun;
  }

  override get rate(): number | undefined {
    return this.#asked.rate;
  }

  override async checkpoint(
    cursor: unknown,
    progress: Progress | undefined,
    now: string,
  ): Promise<TaskDemands | undefined> {
    const isHeld = (await super.checkpoint(cursor, progress, now)) !== undefined;
    // Not read each time: many children would read the one record of their task.
    return isHeld ? this.#asked : undefined;
  }

  override async demands(): Promise<TaskDemands | undefined> {
    const [own, task] = await Promise.all([super.demands(), this.ledger.tasks.get(this.claim.version)]);
    if (own === undefined || task === undefined || !this.#isOf(task)) return undefined;
    this.#asked = { request: task.request, rate: task.rate };
    return this.#asked;
  }

  override finish(outcome: TaskOutcome, _obeyed: StopRequest | undefined, now: string): Promise<boolean> {
    return super.finish(outcome, undefined, now).then((kept) => kept === true);
  }

  /** Whether the task still has the children of this plan executed; a dry run leaves it at rest. */
  #isOf({ state, run, children }: TaskRecord): boolean {
    const { runId, plan } = this.claim;
    const isOpen = this.#isDryRun ? state !== 'fanned-out' : state === 'fanned-out' && run === runId;
    return isOpen && children?.plan === plan;
  }
}
