import { randomBytes } from 'node:crypto';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import type { LocalParty } from '../../../functions/local/index.ts';

export const runIdOf = () => randomBytes(16).toString('hex');

/** What the controller answers, where it does not refuse. */
export async function ask<T>(party: LocalParty, request: object): Promise<T> {
  const answer = (await party.request({ v: 1, by: 'a test', ...request })) as { ok: T };
  if (!('ok' in answer)) throw new Error(JSON.stringify(answer));
  return answer.ok;
}

/** A run from its start to its end; of what is pending by default. */
export async function run(party: LocalParty, request: object = { request: 'run' }): Promise<RunStatus> {
  const runId = runIdOf();
  await ask(party, { runId, ...request });
  return ended(party, runId);
}

export async function ended(party: LocalParty, runId: string): Promise<RunStatus> {
  await party.settled(runId);
  return ask(party, { request: 'show-run', runId });
}
