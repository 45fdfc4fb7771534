import { runIdOf } from '../../functions/controller/cloudformation.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { DEPLOY_SECONDS, STACK_ID } from './functions-under-test.ts';
import type { Oracle } from './oracle.ts';
import type { Simulation } from './simulation.ts';
import type { StepFunctions } from './step-functions.ts';

/** What CloudFormation was told. */
export interface Response {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly Data?: { readonly Outcome: string };
  readonly PhysicalResourceId: string;
}

/** A request to the custom resource. */
export interface CustomResourceRequest {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly url: string;
  readonly runId: string;
  readonly sentAt: number;
  /** Whether the stack undid something when the request was sent. */
  readonly isUndoing: boolean;
  readonly responses: string[];
  readonly answered: PromiseWithResolvers<Response | undefined>;
  answeredAt: number | undefined;
}

const SERVICE_TIMEOUT_MS = (DEPLOY_SECONDS + 300) * 1000;
const HOST = 'cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com';
/** Nothing but CloudFormation's requests and answers may show this. */
export const MARKER = 'SECRETMARKER';

/** One stack and the operations on it, one after the other. */
export class CloudFormation {
  status: string;
  phase: 'idle' | 'deploying' | 'undoing' | 'gone' = 'idle';
  readonly requests: CustomResourceRequest[] = [];
  readonly #simulation: Simulation;
  readonly #lambda: StepFunctions;
  readonly #oracle: Oracle;
  readonly #isAdded: boolean;
  #hasResource = false;
  #elsewhere = Promise.withResolvers<undefined>();

  constructor(simulation: Simulation, lambda: StepFunctions, oracle: Oracle, isAdded: boolean) {
    this.#simulation = simulation;
    this.#lambda = lambda;
    this.#oracle = oracle;
    this.#isAdded = isAdded;
    this.status = isAdded ? 'UPDATE_COMPLETE' : 'REVIEW_IN_PROGRESS';
  }

  /** @returns what the party answered */
  async deploy(tasks: readonly ManifestTask[]): Promise<Response | undefined> {
    const before = this.#lambda.tasks;
    const isNewStack = !this.#hasResource && !this.#isAdded;
    const type = this.#hasResource ? 'Update' : 'Create';
    this.#enter('deploying', isNewStack ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS');
    this.#lambda.tasks = tasks;
    this.#elsewhere = Promise.withResolvers<undefined>();
    const request = this.#send(type);
    const response = await Promise.race([request.answered.promise, this.#elsewhere.promise]);
    if (response?.Status === 'SUCCESS') {
      // Elsewhere below the root stack there may be more to do, which may fail.
      const seconds = this.#simulation.choose(4) * 10;
      const isRest = this.#simulation.sleep(seconds * 1000).then((): true => true);
      if (seconds === 0 || (await Promise.race([isRest, this.#elsewhere.promise])) === true) {
        this.#hasResource = true;
        this.#oracle.committed.add(request.runId);
        this.#enter('idle', isNewStack ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
        return response;
      }
    }
    this.#enter('undoing', isNewStack ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS');
    if (type === 'Update') this.#lambda.tasks = before;
    const undo = await this.#send(type === 'Create' ? 'Delete' : 'Update').answered.promise;
    this.#oracle.forbid(undo?.Status !== 'SUCCESS', `invariant 7: a rollback was answered ${undo?.Status}`);
    // With the party that was being created, its ledger goes.
    this.#enter(
      type === 'Create' ? 'gone' : 'idle',
      isNewStack ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE',
    );
    return response;
  }

  failElsewhere(): void {
    this.#elsewhere.resolve(undefined);
  }

  async destroy(): Promise<void> {
    this.#enter('undoing', 'DELETE_IN_PROGRESS');
    const request = this.#send('Delete');
    const response = await request.answered.promise;
    this.#oracle.forbid(
      response?.Status !== 'SUCCESS',
      `invariant 7: a Delete was answered ${response?.Status}`,
    );
    this.#enter('gone', 'DELETE_COMPLETE');
  }

  /** Answers a PUT as S3 does. */
  receive(url: string, body: string): number {
    const request = this.requests.find((sent) => sent.url === url);
    if (request === undefined) throw new Error(`a PUT to ${url}`);
    if (this.#simulation.oneIn(12)) return 500;
    const response = JSON.parse(body) as Response;
    this.#oracle.say(
      `  ${request.type} answered ${response.Status}: ${response.Reason ?? response.Data?.Outcome}`,
    );
    this.#oracle.forbid(Buffer.byteLength(body) >= 4096, 'an answer is too long');
    request.responses.push(body);
    request.answeredAt ??= this.#simulation.now;
    request.answered.resolve(response);
    if (request.isUndoing && this.phase === 'undoing') this.#oracle.isUndone = true;
    return 200;
  }

  #enter(phase: CloudFormation['phase'], status: string): void {
    this.phase = phase;
    this.status = status;
    if (phase === 'deploying') this.#oracle.isUndone = false;
    this.#oracle.say(`stack ${status}`);
  }

  #send(type: CustomResourceRequest['type']): CustomResourceRequest {
    const url = `https://${HOST}/${this.requests.length}-${type}?Signature=${MARKER}${this.requests.length}`;
    const request: CustomResourceRequest = {
      type,
      url,
      runId: runIdOf(url),
      sentAt: this.#simulation.now,
      isUndoing: this.phase === 'undoing',
      responses: [],
      answered: Promise.withResolvers(),
      answeredAt: undefined,
    };
    this.requests.push(request);
    this.#oracle.say(`${type} is run ${request.runId.slice(0, 6)}`);
    void this.#deliver(request);
    if (this.#simulation.oneIn(5)) void this.#deliver(request);
    void this.#simulation.sleep(SERVICE_TIMEOUT_MS).then(() => request.answered.resolve(undefined));
    return request;
  }

  /** As Lambda's queue does: twice more if the function fails. */
  async #deliver(request: CustomResourceRequest): Promise<void> {
    const event = {
      RequestType: request.type,
      RequestId: `request-${request.url.length}`,
      ResponseURL: request.url,
      StackId: STACK_ID,
      LogicalResourceId: 'TasksRun',
      ResourceProperties: { DeployId: 'd1' },
    };
    for (let retry = 0; retry < 3; retry++) {
      const ended = await this.#lambda.callController(`${request.type} event`, event);
      if (ended.how === 'returned') return;
      this.#oracle.forbid(
        ended.how === 'threw',
        `the ${request.type} event failed: ${String('error' in ended && ended.error)}`,
      );
      await this.#simulation.sleep(60_000);
    }
  }
}
