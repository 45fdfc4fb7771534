/** An attempt at a task, a correction by a person, or a run that came to no task. Fields are only ever added. */
export interface HistoryLine {
  /** When it ended; of what is under way, when it began. */
  readonly at: string;
  /** Null: it is a run that came to no task. */
  readonly version: string | null;
  readonly name: string | null;
  readonly attempt: number | null;
  readonly state: string;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  /** Null: a person corrected the ledger. */
  readonly runId: string | null;
  /** `deploy`, `run` or `invoke`; null: the run is no longer kept. */
  readonly trigger: string | null;
  readonly deployId: string | null;
  /** Null: a deploy. */
  readonly by: string | null;
  readonly error: string | null;
  readonly reason: string | null;
}

/** What was done, newest first. */
export interface PartyHistory {
  readonly entries: readonly HistoryLine[];
  /** How many older ones were left out. */
  readonly more: number;
  /** What could not be read, and why. */
  readonly damaged: readonly string[];
}
