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
  /** The runs that it started after its commit. */
  readonly background: readonly RunStatus[];
}

/**
 * Sends the party CloudFormation's event, commits when it has responded, and waits for the end of the run and of
 * those that it starts.
 */
export async function deploy({
  app,
  world,
  bundle,
  requestType,
  stackStatus,
}: DeployOrder): Promise<Deployed> {
  const requestId = randomUUID();
  const committed = stackStatus.replace('_IN_PROGRESS', '_COMPLETE');
  const describe = async () => {
    const status = world.hasResponse(requestId) ? committed : stackStatus;
    return { status, rootStatus: status };
  };
  const party = await openLocalParty({
    folder: app.ledgerFolder,
    tasksFolder: app.tasksFolder,
    bundle: async () => bundle,
    config: { environmentName: 'demo', stackId: STACK_ID, endpointUrl: world.url },
    stacks: { describe },
  });
  try {
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
    const settled = async (id: string): Promise<RunStatus> => {
      await party.settled(id);
      const answer = await party.request({ v: 1, request: 'show-run', runId: id });
      return runIn(answer as ControllerAnswer<RunStatus>);
    };
    const run = await settled(runId);
    const background = await Promise.all(run.background.map(settled));
    return { response: world.responseTo(requestId), run, background };
  } finally {
    await party.close();
  }
}

function runIn(answer: ControllerAnswer<RunStatus>): RunStatus {
  if ('ok' in answer) return answer.ok;
  const { code, message, resolution } = answer.error;
  throw new PartyError(code, message, resolution);
}
