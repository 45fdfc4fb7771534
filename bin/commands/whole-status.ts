import type { PartyStatus } from '../../functions/controller/requests.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { PartyClient } from '../party/party-client.ts';
import type { LocalTask } from '../project/local-tasks.ts';

/** What is known of a party's tasks, with that of all pages. */
export type WholeStatus = Omit<PartyStatus, 'next'>;

/** All pages of the status: an answer of Lambda's holds some thousand tasks. */
export async function wholeStatus(party: PartyClient): Promise<WholeStatus> {
  const { next: first, ...document } = await party.ask({ request: 'status' });
  const tasks = [...document.tasks];
  for (let next = first; next !== undefined; ) {
    const page: PartyStatus = await party.ask({ request: 'status', after: next });
    tasks.push(...page.tasks);
    next = page.next;
  }
  return { ...document, tasks };
}

/** A recorded task whose file the caller has is not lost: its deploy was rolled back, or is still to come. */
export function withLocalFiles(document: WholeStatus, local: readonly LocalTask[]): WholeStatus {
  const versions = new Set(local.map((task) => versionKey(task.version)));
  const tasks = document.tasks.map((task) =>
    versions.has(versionKey(task.version))
      ? { ...task, notes: task.notes.map((note) => (note === 'no-file' ? 'not-deployed' : note)) }
      : task,
  );
  return { ...document, tasks };
}
