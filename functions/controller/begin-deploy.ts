import { explain, isPartyError, messageOf } from '../errors.ts';
import type { RunRecord } from '../ledger/records.ts';
import { readLedger } from './ledger-view.ts';
import { type End, outcomeOf } from './outcome.ts';
import type { ControllerPorts, StackStatus } from './ports.ts';
import { selectBaseline, selectDeploy } from './selection.ts';

/**
 * The first Decide of a deploy: asks CloudFormation what is going on, then pins what the run executes.
 * @returns `ask-again` while CloudFormation does not say
 */
export async function beginDeploy(ports: ControllerPorts, run: RunRecord): Promise<RunRecord | 'ask-again'> {
  const now = new Date(ports.now()).toISOString();
  const settle = (end: End): Promise<RunRecord> =>
    ports.ledger.runs.settle(run, outcomeOf(run, new Map(), end, ports.config), now);
  const stack = await describe(ports);
  if (stack === undefined) {
    if (run.deadline === undefined || now < run.deadline) return 'ask-again';
    return settle({ because: 'unstartable', reason: 'CloudFormation did not say what the stack is doing' });
  }
  const stackStatus = undoing(stack);
  if (stackStatus !== undefined) {
    await cancelDeploys(ports, run.runId, now);
    return settle({ because: 'rollback', stackStatus });
  }
  try {
    return await pinSelection(ports, run, stack, now);
  } catch (error) {
    // No later try would read it: only a person can mend the party's own record.
    if (isPartyError(error)) return settle({ because: 'unstartable', reason: explain(error) });
    throw error;
  }
}

/** The status that says that CloudFormation takes back what was deployed, if one does. */
export function undoing({ status, rootStatus }: StackStatus): string | undefined {
  return [status, rootStatus].find((text) => /ROLLBACK|DELETE/.test(text));
}

async function pinSelection(
  ports: ControllerPorts,
  run: RunRecord,
  stack: StackStatus,
  now: string,
): Promise<RunRecord> {
  const { ledger, config, manifest } = ports;
  const known = await ledger.party.get();
  const newEnvironment = stack.rootStatus === 'CREATE_IN_PROGRESS';
  const baseline = known === undefined && newEnvironment ? selectBaseline(manifest, config) : [];
  await ledger.party.beginDeploy({ runId: run.runId, deployId: run.deployId, newEnvironment, baseline, now });
  const view = await readLedger(ports);
  const sparesStack = run.requestType === 'Create' && config.ownsLedger && !newEnvironment;
  const { blocking, background } = selectDeploy(manifest, view, config);
  await ledger.runs.begin(run.runId, blocking, sparesStack, background);
  return ledger.runs.require(run.runId);
}

/** What CloudFormation says of the stack; undefined where it does not answer. */
export async function describe(ports: ControllerPorts): Promise<StackStatus | undefined> {
  try {
    return await ports.stacks.describe(ports.config.stackId);
  } catch (error) {
    ports.log.error('the stack could not be described', { reason: messageOf(error) });
    return undefined;
  }
}

/**
 * A rollback stops what deploys do before their commit, also a run that has not asked CloudFormation yet. What
 * they have started after it goes on.
 */
async function cancelDeploys(ports: ControllerPorts, runId: string, now: string): Promise<void> {
  const request = { cause: 'rollback', by: ports.config.stackId, at: now } as const;
  for (const open of await ports.ledger.runs.open()) {
    if (open.trigger !== 'deploy' || open.parent !== undefined || open.runId === runId) continue;
    const cancelled = await ports.ledger.runs.requestCancel(open.runId, request);
    if (cancelled) ports.log.info('run cancelled: the stack is rolling back', { run: open.runId });
  }
}
