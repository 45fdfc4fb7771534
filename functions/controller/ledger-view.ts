import type { PartyRecord, TaskRecord } from '../ledger/records.ts';
import type { ControllerPorts } from './ports.ts';

/** What the ledger says, as far as it can be read: a damaged record is its error. */
export interface LedgerView {
  readonly records: ReadonlyMap<string, TaskRecord | Error>;
  readonly party: PartyRecord | undefined;
}

/** @throws PartyError `damaged-record` of the party */
export async function readLedger({ ledger }: Pick<ControllerPorts, 'ledger'>): Promise<LedgerView> {
  const [records, party] = await Promise.all([ledger.tasks.all(), ledger.party.get()]);
  return { records, party };
}
