export type { AttemptRecords } from './attempt-records.ts';
export {
  CHILDREN_LIMIT,
  type Child,
  ChildRecords,
  type ListedChild,
  type PlannedChild,
} from './child-records.ts';
export type { Claim, ClaimRequest } from './claim.ts';
export type { Correction } from './correction.ts';
export { createDocumentClient } from './document-client.ts';
export { childTask, isSplit, type SplitTask } from './fan-out.ts';
export { Ledger } from './ledger.ts';
export * from './records.ts';
export type { RunOutcome } from './run-records.ts';
export { AT_DEADLINE, stoppedByRequest, stoppedWithRun } from './stops.ts';
export {
  fanOutWriteSites,
  type LedgerClient,
  LedgerTable,
  type Write,
  type WriteSite,
  type Written,
  writeSites,
} from './table.ts';
export type { ClaimResult, TaskDemands, TaskOutcome } from './task-records.ts';
