import { isSplit } from '../ledger/fan-out.ts';
import type { SelectedTask, TaskRecord } from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { progressOfChildren } from './children-outcome.ts';
import type { ControllerPorts } from './ports.ts';

/** CloudFormation waits meanwhile: so few are a page or two of the ledger. */
const CHEAP = 1_000;

/** The records; in those of these tasks whose children are being executed, how far all of them have come. */
export async function withChildrenProgress(
  { ledger }: Pick<ControllerPorts, 'ledger'>,
  records: ReadonlyMap<string, TaskRecord>,
  tasks: readonly SelectedTask[],
): Promise<ReadonlyMap<string, TaskRecord>> {
  const told = new Map(records);
  let left = CHEAP;
  for (const { version } of tasks) {
    const key = versionKey(version);
    const record = records.get(key);
    if (record?.state !== 'fanned-out' || !isSplit(record) || record.children.count > left) continue;
    left -= record.children.count;
    const progress = progressOfChildren(await ledger.children(version).standings(record.children));
    if (progress !== undefined) told.set(key, { ...record, progress });
  }
  return told;
}
