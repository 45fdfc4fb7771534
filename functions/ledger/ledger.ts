import { ChildRecords } from './child-records.ts';
import { PartyRecords } from './party-records.ts';
import { PendingAnswers } from './pending-answers.ts';
import { RunRecords } from './run-records.ts';
import type { LedgerTable } from './table.ts';
import { TaskRecords } from './task-records.ts';

/** What ran, what is running, what failed: the only truth. Every transition is one conditional write. */
export class Ledger {
  readonly id: string;
  readonly tasks: TaskRecords;
  readonly runs: RunRecords;
  readonly answers: PendingAnswers;
  readonly party: PartyRecords;
  readonly #table: LedgerTable;

  constructor(table: LedgerTable) {
    this.#table = table;
    this.id = table.ledgerId;
    this.tasks = new TaskRecords(table);
    this.runs = new RunRecords(table);
    this.answers = new PendingAnswers(table);
    this.party = new PartyRecords(table);
  }

  /** The children that a task was split into. */
  children(version: string): ChildRecords {
    return new ChildRecords(this.#table, version);
  }
}
