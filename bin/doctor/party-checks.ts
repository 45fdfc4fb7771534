import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckedRunner, TaskStatus } from '../../functions/controller/requests.ts';
import { isPartyError } from '../../functions/errors.ts';
import type { Surroundings } from '../commands/context.ts';
import { type WholeStatus, wholeStatus } from '../commands/whole-status.ts';
import type { PartyOptions } from '../party/connect.ts';
import { isRefusal, type PartyClient } from '../party/party-client.ts';
import { titleOf } from '../terminal/task-lines.ts';
import { type Check, failed, ok, unknown, wrong } from './check.ts';
import { versionCheck } from './version-check.ts';

const LOOK_MS = 500;
/** More than the workflow gives the runner. */
const PATIENCE_MS = 90_000;

/** What comes before AWS has accepted anybody. */
const BEFORE_SIGN_IN = new Set(['no-credentials', 'no-region', 'no-profile', 'unreachable']);
/** What is found out on this machine. */
const BEFORE_AWS = new Set([
  ...['no-stack-named', 'which-party', 'unknown-environment', 'no-cdk-out', 'bad-cdk-out', 'bad-cdk-json'],
  'usage',
]);
const VARIABLES =
  'look at the variables that tasks/.env.local and cdk.out give the tasks, such as NODE_OPTIONS';
const REDEPLOY = "the runner's log group in CloudWatch says more; deploy again: npx cdk deploy";
const ROUTE =
  "give the tasks' subnets a way to DynamoDB: vpc.addGatewayEndpoint('DynamoDb', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB }), or NAT; and let their security groups out on port 443";

/** Whether the party can be reached, understood and operated, and its runner does its work. */
export async function* partyChecks(options: PartyOptions, surroundings: Surroundings): AsyncGenerator<Check> {
  const isLocal = options.local === true;
  let party: PartyClient;
  try {
    party = await surroundings.connect(options);
  } catch (error) {
    yield* isLocal ? [failed('party', error)] : unconnected(error);
    return;
  }
  try {
    if (!isLocal) yield await signedIn(party);
    const status = await statusOrWhyNot(party);
    if (!('tasks' in status)) {
      yield status;
      return;
    }
    if (!isLocal) {
      yield ok('stack', `${status.stack}/${status.party} in ${status.account} ${status.region}`);
      yield versionCheck(status.packageVersion, surroundings.version);
    }
    yield* runnerChecks(party, isLocal);
    yield* taskChecks(status.tasks, party.flags);
  } finally {
    await party.close();
  }
}

function unconnected(error: unknown): Check[] {
  const code = isPartyError(error) ? error.code : '';
  if (BEFORE_SIGN_IN.has(code)) return [failed('credentials', error)];
  if (BEFORE_AWS.has(code)) return [failed('stack', error)];
  const name = code === 'no-permission' ? 'permissions' : 'stack';
  return [ok('credentials', 'AWS accepts them'), failed(name, error)];
}

async function signedIn(party: PartyClient): Promise<Check> {
  try {
    return ok('credentials', await party.caller());
  } catch (error) {
    return failed('credentials', error);
  }
}

async function statusOrWhyNot(party: PartyClient): Promise<WholeStatus | Check> {
  try {
    return await wholeStatus(party);
  } catch (error) {
    return failed(isRefusal(error, 'no-permission') ? 'permissions' : 'controller', error);
  }
}

/** Whoever may have the runner checked may run and correct tasks. */
async function* runnerChecks(party: PartyClient, isLocal: boolean): AsyncGenerator<Check> {
  try {
    const runner = await checkedRunner(party);
    if (!isLocal) yield ok('permissions', 'to look, and to run and correct tasks');
    yield runnerCheck(runner, isLocal);
  } catch (error) {
    if (isRefusal(error, 'no-permission')) {
      yield failed('permissions', error);
      yield unknown('runner', 'not checked: that takes the permission to run tasks');
    } else if (isRefusal(error, 'bad-request')) {
      yield unknown('runner', 'not checked: what is deployed cannot do that yet');
    } else {
      yield failed('runner', error);
    }
  }
}

async function checkedRunner(party: PartyClient): Promise<CheckedRunner> {
  const runId = randomBytes(16).toString('hex');
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const runner = await party.ask({ request: 'check-runner', runId });
    if (runner.state !== 'checking' || performance.now() > giveUpAt) return runner;
    await sleep(LOOK_MS);
  }
}

function runnerCheck({ state, reason }: CheckedRunner, isLocal: boolean): Check {
  switch (state) {
    case 'works':
      return ok('runner', 'it loads, and reaches the ledger');
    case 'unreached':
      return wrong('runner', `the runner cannot reach DynamoDB: ${reason}`, isLocal ? VARIABLES : ROUTE);
    case 'broken':
      return wrong('runner', `the runner cannot be called: ${reason}`, isLocal ? VARIABLES : REDEPLOY);
    case 'checking':
      return wrong(
        'runner',
        `the runner was asked ${PATIENCE_MS / 1000} s ago, and has not answered`,
        'look into the executions of the state machine in the console: Step Functions or Lambda may throttle it',
      );
  }
}

function taskChecks(tasks: readonly TaskStatus[], flags: string): Check[] {
  const bad = tasks.flatMap((task) => {
    const show = `npx after-party show ${task.name || task.version}${flags}`;
    if (task.state === 'stale')
      return wrong(
        'tasks',
        `${titleOf(task)} is stale: it broke off, and nobody has noticed`,
        `the next deploy goes on with it, or now: npx after-party run${flags}; more: ${show}`,
      );
    if (task.state === 'damaged')
      return wrong('tasks', `${titleOf(task)} is damaged: its item in the ledger was edited`, show);
    return [];
  });
  return bad.length > 0 ? bad : [ok('tasks', `${tasks.length} known, none stale or damaged`)];
}
