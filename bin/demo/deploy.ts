import { randomUUID } from 'node:crypto';
import { runIdOf } from '../../functions/controller/cloudformation.ts';
import type { ControllerAnswer, RunStatus } from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { openLocalParty } from '../../functions/local/index.ts';
import type { LocalBundle } from '../party/local-bundle.ts';
import type { DemoApp } from './demo-app.ts';
import type { CustomResourceResponse, OutsideWorld } from './outside-world.ts';

/** In this region the commands that a message names are those for this machine. */
const STACK_ID = 'arn:aws:cloudformation:local:000000000000:stack/demo/00000000-0000-0000-0000-000000000000';

/** What CloudFormation would do. */
export interface DeployOrder {
  readonly app: DemoApp;
  readonly world: OutsideWorld;
  readonly bundle: LocalBundle;
  readonly requestType: 'Create' | 'Update';
  /** What DescribeStacks says meanwhile. */
  readonly stackStatus: 'CREATE_IN_PROGRESS' | 'UPDATE_IN_PROGRESS' | 'UPDATE_ROLLBACK_IN_PROGRESS';
}

/** What came of a deploy. */
export interface Deployed {
  readonly response: CustomResourceResponse;
  readonly run: RunStatus;
}

/** Sends the party CloudFormation's event and waits for its response and the end of the run. */
export async function deploy({
  app,
  world,
  bundle,
  requestType,
  stackStatus,
}: DeployOrder): Promise<Deployed> {
  const party = await openLocalParty({
    folder: app.ledgerFolder,
    tasksFolder: app.tasksFolder,
    bundle: async () => bundle,
    config: { environmentName: 'demo', stackId: STACK_ID, endpointUrl: world.url },
    stacks: { describe: async () => ({ status: stackStatus, rootStatus: stackStatus }) },
  });
  try {
    const requestId = randomUUID();
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
    const answer = await party.request({ v: 1, request: 'show-run', runId });
    return { response: world.responseTo(requestId), run: runIn(answer as ControllerAnswer<RunStatus>) };
  } finally {
    await party.close();
  }
}

function runIn(answer: ControllerAnswer<RunStatus>): RunStatus {
  if ('ok' in answer) return answer.ok;
  const { code, message, resolution } = answer.error;
  throw new PartyError(code, message, resolution);
}
