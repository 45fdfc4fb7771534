import { messageOf } from '../errors.ts';
import type { RunRecord } from '../ledger/records.ts';
import { outcomeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import { selectBaseline, selectForDeploy } from './selection.ts';

/**
 * The first Decide of a deploy: asks CloudFormation what is going on, then pins what the run executes.
 * @returns `ask-again` while CloudFormation does not say
 */
export async function beginDeploy(ports: ControllerPorts, run: RunRecord): Promise<RunRecord | 'ask-again'> {
  const { ledger, config, manifest } = ports;
  const now = new Date(ports.now()).toISOString();
  const stack = await describe(ports);
  if (stack === undefined) {
    if (run.deadline === undefined || now < run.deadline) return 'ask-again';
    const reason = 'CloudFormation did not say what the stack is doing';
    return ledger.runs.settle(
      run,
      outcomeOf(run, new Map(), { because: 'unstartable', reason }, config),
      now,
    );
  }
  const undone = [stack.status, stack.rootStatus].find((status) => /ROLLBACK|DELETE/.test(status));
  if (undone !== undefined) {
    await cancelInFlight(ports, run.runId, now);
    return ledger.runs.settle(
      run,
      outcomeOf(run, new Map(), { because: 'rollback', stackStatus: undone }, config),
      now,
    );
  }
  const known = await ledger.party.get();
  const newEnvironment = stack.rootStatus === 'CREATE_IN_PROGRESS';
  const baseline = known === undefined && newEnvironment ? selectBaseline(manifest, config) : [];
  await ledger.party.beginDeploy({ runId: run.runId, deployId: run.deployId, newEnvironment, baseline, now });
  const view = { records: await ledger.tasks.all(), party: await ledger.party.get() };
  const sparesStack = run.requestType === 'Create' && config.ownsLedger && !newEnvironment;
  await ledger.runs.begin(run.runId, selectForDeploy(manifest, view, config), sparesStack);
  return ledger.runs.require(run.runId);
}

async function describe(ports: ControllerPorts): Promise<{ status: string; rootStatus: string } | undefined> {
  try {
    return await ports.stacks.describe(ports.config.stackId);
  } catch (error) {
    ports.log.error('the stack could not be described', { reason: messageOf(error) });
    return undefined;
  }
}

/** A rollback stops the run that its own deploy started. */
async function cancelInFlight(ports: ControllerPorts, runId: string, now: string): Promise<void> {
  const inFlight = (await ports.ledger.party.get())?.lastDeploy?.runId;
  if (inFlight === undefined || inFlight === runId) return;
  const cancelled = await ports.ledger.runs.requestCancel(inFlight, {
    cause: 'rollback',
    by: ports.config.stackId,
    at: now,
  });
  if (cancelled) ports.log.info('run cancelled: the stack is rolling back', { run: inFlight });
}
