export type { Claim, ClaimRequest } from './claim.ts';
export type { Correction } from './correction.ts';
export { Ledger } from './ledger.ts';
export * from './records.ts';
export type { RunOutcome } from './run-records.ts';
export { createDocumentClient, LedgerTable, type WriteSite, type Written, writeSites } from './table.ts';
export type { ClaimResult, TaskDemands, TaskOutcome } from './task-records.ts';
