import { randomUUID } from 'node:crypto';
import { PartyError } from '../errors.ts';
import type { Ledger, PlannedChild } from '../ledger/index.ts';
import type { ManifestTask } from '../manifest.ts';
import { writeChildren } from '../runner/planning.ts';
import type { TaskSplit } from '../task/define-task.ts';
import { idOf } from '../task/task-id.ts';

const PARALLEL = 10;

/**
 * Records in an empty ledger that the task was split before, into these keys or all of its shards, so that some can be
 * executed without asking its `forEach` for all.
 * @throws PartyError `wrong-state` for a task that is not split
 */
export async function planKeys(ledger: Ledger, task: ManifestTask, keys: readonly string[]): Promise<void> {
  const { version, name, checksum, delivery } = task;
  const { split, planned } = splitOf(task, [...new Set(keys)]);
  const now = new Date().toISOString();
  const result = await ledger.tasks.claim({
    task: { version, name, delivery, when: 'once', onFailure: 'fail-deploy' },
    ...{ runId: randomUUID().replaceAll('-', ''), token: randomUUID(), asked: true, deployId: undefined },
    ...{ by: 'a trial on this machine', checksum, now, leaseUntil: now },
  });
  if (!result.claimed) throw new Error(`the ledger already knows ${idOf(task)}`);
  const { claim } = result;
  const { signal } = new AbortController();
  const children = await writeChildren({ split, ledger, claim, signal, now: Date.now }, planned);
  await ledger.tasks.fanOut(claim, children, now);
  const record = await ledger.tasks.get(version);
  if (record !== undefined) await ledger.tasks.settle(record, { state: 'interrupted' }, now, claim);
}

function splitOf(task: ManifestTask, keys: readonly string[]): { split: TaskSplit; planned: PlannedChild[] } {
  const { splits, shards: count = 0 } = task;
  switch (splits) {
    case 'keys':
      return {
        split: { of: 'keys', keys: () => keys, parallel: PARALLEL },
        planned: keys.map((key) => ({ key })),
      };
    case 'shards':
      return {
        split: { of: 'shards', count, parallel: PARALLEL },
        planned: Array.from({ length: count }, (_, index) => ({ shard: { index, count } })),
      };
    case undefined:
      throw new PartyError(
        'wrong-state',
        `task ${idOf(task)} is not split, so it has no keys`,
        'leave out --key',
      );
  }
}
