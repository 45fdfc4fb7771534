import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runIdOf } from '../../functions/controller/cloudformation.ts';
import type {
  ChildrenPage,
  ChildStatus,
  ControllerAnswer,
  RunStatus,
} from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { type LocalParty, openLocalParty } from '../../functions/local/index.ts';
import type { LocalBundle } from '../project/local-bundle.ts';
import type { DemoApp } from './demo-app.ts';
import type { CustomResourceResponse, OutsideWorld } from './outside-world.ts';

/** In this region the commands that a message names are those for this machine. */
const STACK_ID = 'arn:aws:cloudformation:local:000000000000:stack/demo/00000000-0000-0000-0000-000000000000';
const LOOK_MS = 200;

/** What is deployed, and who looks on. */
export interface Order {
  readonly app: DemoApp;
  readonly world: OutsideWorld;
  readonly bundle: LocalBundle;
  /** Is called now and then with a background task's run, or one that was invoked, while it is under way. */
  readonly onLook?: (run: RunStatus) => void;
  /** Is called with the process id of each runner that begins. */
  readonly onRunner?: (processId: number) => void;
}

/** What CloudFormation would do. */
export interface DeployOrder extends Order {
  readonly requestType: 'Create' | 'Update';
  /** What DescribeStacks says meanwhile. */
  readonly stackStatus: 'CREATE_IN_PROGRESS' | 'UPDATE_IN_PROGRESS' | 'UPDATE_ROLLBACK_IN_PROGRESS';
  /** Is called before the tasks that start after the commit are waited for. */
  readonly onAnswered?: (answered: Answered) => void;
}

/** What came of the part of a deploy that CloudFormation waits for. */
export interface Answered {
  readonly response: CustomResourceResponse;
  readonly run: RunStatus;
}

/** What came of a deploy. */
export interface Deployed extends Answered {
  /** The runs that it started after its commit. */
  readonly background: readonly RunStatus[];
}

/**
 * Sends the party CloudFormation's event, commits when it has responded, and waits for the end of the run and of
 * those that it starts.
 */
export function deploy(order: DeployOrder): Promise<Deployed> {
  const { world, bundle, requestType, stackStatus } = order;
  const requestId = randomUUID();
  const committed = stackStatus.replace('_IN_PROGRESS', '_COMPLETE');
  const statusNow = () => (world.hasResponse(requestId) ? committed : stackStatus);
  return withParty(order, statusNow, async (party) => {
    const url = world.responseUrl(requestId);
    const runId = runIdOf(url);
    await party.request({
      RequestType: requestType,
      RequestId: requestId,
      ResponseURL: url,
      StackId: STACK_ID,
      LogicalResourceId: 'TasksRun',
      ResourceType: 'Custom::AfterParty',
      ResourceProperties: {
        DeployId: new Date().toISOString(),
        Tasks: bundle.manifest.tasks.map(({ file }) => file),
      },
    });
    await party.settled(runId);
    const run = await ask<RunStatus>(party, { request: 'show-run', runId });
    const answered = { response: world.responseTo(requestId), run };
    order.onAnswered?.(answered);
    const background = await Promise.all(run.background.map((id) => follow(party, id, order.onLook)));
    return { ...answered, background };
  });
}

/** What `after-party invoke` does: runs a task, or only these keys of it, and waits for the end of the run. */
export function invoke(order: Order, names: readonly [string], keys?: readonly string[]): Promise<RunStatus> {
  return withParty(order, COMMITTED, async (party) => {
    const runId = randomUUID().replaceAll('-', '');
    await ask<RunStatus>(party, { request: 'invoke', runId, names, keys, by: 'demo' });
    return follow(party, runId, order.onLook);
  });
}

/** How the shards of a task stand. */
export function shardsOf(order: Order, name: string): Promise<readonly ChildStatus[]> {
  return withParty(order, COMMITTED, async (party) => {
    const page = await ask<ChildrenPage>(party, { request: 'children', names: [name] });
    return page.children;
  });
}

const COMMITTED = (): string => 'UPDATE_COMPLETE';

async function withParty<T>(
  { app, world, bundle, onRunner }: Order,
  stackStatus: () => string,
  use: (party: LocalParty) => Promise<T>,
): Promise<T> {
  const party = await openLocalParty({
    folder: app.ledgerFolder,
    tasksFolder: app.tasksFolder,
    bundle: async () => bundle,
    config: { environmentName: 'demo', stackId: STACK_ID, endpointUrl: world.url },
    stacks: { describe: async () => ({ status: stackStatus(), rootStatus: stackStatus() }) },
    ...(onRunner !== undefined && { onRunner }),
  });
  try {
    return await use(party);
  } finally {
    await party.close();
  }
}

/** Waits for the end of a run, and looks at it meanwhile. */
async function follow(
  party: LocalParty,
  runId: string,
  onLook?: (run: RunStatus) => void,
): Promise<RunStatus> {
  const look = () => ask<RunStatus>(party, { request: 'show-run', runId });
  const ended = party.settled(runId).then(() => true);
  while (!(await Promise.race([ended, sleep(LOOK_MS)]))) onLook?.(await look());
  return look();
}

async function ask<T>(party: LocalParty, request: Readonly<Record<string, unknown>>): Promise<T> {
  const answer = (await party.request({ v: 1, ...request })) as ControllerAnswer<T>;
  if ('ok' in answer) return answer.ok;
  const { code, message, resolution } = answer.error;
  throw new PartyError(code, message, resolution);
}
