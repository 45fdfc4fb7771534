import { isPartyError } from '../errors.ts';
import type { RunRecord } from '../ledger/records.ts';
import type { Decision } from '../workflow-messages.ts';
import { startBackground } from './background.ts';
import { describe } from './begin-deploy.ts';
import type { ControllerPorts } from './ports.ts';

/** What the root stack is in once nothing of the deploy can be taken back. */
const COMMITTED: ReadonlySet<string> = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
]);
const SHORTEST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 30;
/** Whoever may not ask CloudFormation is not told for ever that it did not say. */
const SILENCE_LIMIT_MS = 86_400_000;

type Verdict = 'committed' | 'ask-again' | { readonly givenUp: string };

/**
 * Has a deploy that was answered stay until its root stack has committed, and then start its background tasks.
 * Idempotent, as Decide is: what was made of the commit is recorded before anything is started.
 */
export async function awaitCommit(ports: ControllerPorts, run: RunRecord): Promise<Decision> {
  const { runs } = ports.ledger;
  const { runId } = run;
  if (run.commit === 'awaited') {
    const verdict = await judge(ports, run);
    if (verdict === 'ask-again') return { v: 1, runId, action: 'wait', seconds: pause(ports, run) };
    if (verdict !== 'committed') return giveUp(ports, runId, verdict.givenUp);
    await runs.setCommit(runId, 'awaited', 'committed');
  }
  if (run.commit === 'awaited' || run.commit === 'committed') {
    const recorded = await runs.require(runId);
    if (recorded.commit === 'committed') await startBackground(ports, recorded);
  }
  return { v: 1, runId, action: 'end' };
}

async function judge(ports: ControllerPorts, run: RunRecord): Promise<Verdict> {
  if (run.request !== undefined) return { givenUp: 'the run was cancelled' };
  if (run.answer?.status !== 'SUCCESS') return { givenUp: 'the deploy failed' };
  const stack = await describe(ports);
  if (stack === undefined) {
    if (settledFor(ports, run) < SILENCE_LIMIT_MS) return 'ask-again';
    return { givenUp: 'CloudFormation did not say what the stack is doing' };
  }
  if (await isFollowed(ports, run))
    return { givenUp: 'a later deploy has begun, and has selected them anew' };
  const { rootStatus } = stack;
  if (COMMITTED.has(rootStatus)) return 'committed';
  const isUnderWay = rootStatus.endsWith('_IN_PROGRESS') && !/ROLLBACK|DELETE/.test(rootStatus);
  return isUnderWay ? 'ask-again' : { givenUp: `the stack is ${rootStatus}` };
}

/** Asked after the stack's status, which otherwise might be the later deploy's. */
async function isFollowed(ports: ControllerPorts, run: RunRecord): Promise<boolean> {
  try {
    return (await ports.ledger.party.get())?.lastDeploy?.runId !== run.runId;
  } catch (error) {
    if (!isPartyError(error)) throw error;
    ports.log.error('the party cannot be read: its background tasks are left', { reason: error.message });
    return true;
  }
}

async function giveUp(ports: ControllerPorts, runId: string, reason: string): Promise<Decision> {
  await ports.ledger.runs.setCommit(runId, 'awaited', 'given-up');
  ports.log.info('background tasks not started', { run: runId, reason });
  return { v: 1, runId, action: 'end' };
}

/** Short at first, since most deploys commit soon after. */
function pause(ports: ControllerPorts, run: RunRecord): number {
  const grown = Math.ceil(settledFor(ports, run) / 4_000);
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(SHORTEST_WAIT_SECONDS, grown));
}

/** Milliseconds. */
function settledFor(ports: ControllerPorts, { finishedAt, startedAt }: RunRecord): number {
  return ports.now() - Date.parse(finishedAt ?? startedAt);
}
