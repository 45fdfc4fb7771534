import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { type Controller, createController } from '../../functions/controller/controller.ts';
import type { PartyConfig, StackStatus } from '../../functions/controller/ports.ts';
import type { ControllerAnswer } from '../../functions/controller/requests.ts';
import { VARIABLES } from '../../functions/environment.ts';
import { Ledger, LedgerTable, type TaskRecord } from '../../functions/ledger/index.ts';
import { Driver } from '../../functions/local/driver.ts';
import { Executions } from '../../functions/local/executions.ts';
import { ForkedRunner, type ForkedRunnerOptions } from '../../functions/local/forked-runner.ts';
import { LocalLogs } from '../../functions/local/local-logs.ts';
import type { DecideMessage, Decision } from '../../functions/workflow-messages.ts';
import { CloudFormationRequest } from './cloudformation-request.ts';
import { LEDGER_TABLE, type Region } from './region.ts';
import type { CustomResourceResponse } from './response-bucket.ts';
import { WordServer } from './word-server.ts';

const STACK_ID =
  'arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop-prod/00000000-0000-0000-0000-000000000000';
export const FUNCTION_NAME = 'Shop-prod-TasksController';
/** The waits between two looks of the workflow, in the tests' time. */
const WAIT_SCALE = 0.03;

export interface PartySettings {
  /** Names of the deployed tasks. */
  readonly tasks: readonly string[];
  readonly config?: Partial<PartyConfig>;
  readonly table?: string;
  /** How many seconds the workflow waits for the runner at most. */
  readonly patience?: number;
  /** What the first questions to CloudFormation come to. */
  readonly throttled?: number;
  /** After how many steps another execution goes on with a run. */
  readonly stepsLimit?: number;
}

interface PartyParts {
  readonly words: WordServer;
  readonly logs: LocalLogs;
  readonly folder: string;
  readonly said: string[];
}

/** A party as it is deployed: everything real but CloudFormation, whose DescribeStacks is scripted. */
export class DeployedParty {
  readonly region: Region;
  readonly words: WordServer;
  readonly ledger: Ledger;
  readonly driver: Driver;
  readonly config: PartyConfig;
  /** What DescribeStacks says. */
  stack: StackStatus = { status: 'UPDATE_IN_PROGRESS', rootStatus: 'UPDATE_IN_PROGRESS' };
  /** Comes between what CloudFormation says and its arrival. */
  whenAsked: () => Promise<void> = async () => undefined;
  /** Everything that is logged, travels through the workflow or is shown to people. */
  readonly said: string[];
  /** Milliseconds that the controller's clock is ahead. */
  ahead = 0;
  readonly #controller: Controller;
  readonly #folder: string;
  readonly #requests: CloudFormationRequest[] = [];
  #throttled: number;
  #waits = 0;

  private constructor(region: Region, settings: PartySettings, parts: PartyParts) {
    const { dynalite } = region;
    const tableName = settings.table ?? LEDGER_TABLE;
    const ledgerId = `Shop-prod/${randomUUID()}`;
    this.region = region;
    this.words = parts.words;
    this.said = parts.said;
    this.#folder = parts.folder;
    this.#throttled = settings.throttled ?? 0;
    this.ledger = new Ledger(new LedgerTable(dynalite.client, tableName, ledgerId));
    this.config = {
      environmentName: 'production',
      party: 'Tasks',
      stackId: STACK_ID,
      deployTimeoutSeconds: 60,
      runnerTimeoutSeconds: 30,
      onFailure: 'fail-deploy',
      newEnvironment: 'run',
      ownsLedger: true,
      retentionDays: 1,
      endpointUrl: region.bucket.host,
      ...settings.config,
    };
    const runnerOptions: ForkedRunnerOptions = {
      entry: join(region.folder, 'index.mjs'),
      timeoutSeconds: this.config.runnerTimeoutSeconds,
      logs: parts.logs,
      environment: {
        PATH: process.env.PATH ?? '',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynalite.port}`,
        WORDS: parts.words.url,
        PLACE: 'the runner',
        [VARIABLES.table]: tableName,
        [VARIABLES.ledgerId]: ledgerId,
        [VARIABLES.environmentName]: this.config.environmentName,
        [VARIABLES.runnerTimeout]: String(this.config.runnerTimeoutSeconds),
      },
    };
    const { patience = Number.POSITIVE_INFINITY } = settings;
    this.driver = new Driver({
      decide: (message) => this.#decide(message),
      runner: async () => {
        const runner = new ForkedRunner(runnerOptions);
        return {
          invoke: (invocation, closing) => {
            const timeoutSeconds = Math.min(patience, invocation.work.timeoutSeconds);
            return runner.invoke({ ...invocation, work: { ...invocation.work, timeoutSeconds } }, closing);
          },
          end: () => runner.end(),
        };
      },
      runnersAtOnce: 4,
      executions: new Executions(dynalite.client, 'this process', ledgerId),
    });
    const log =
      (level: string) =>
      (message: string, fields: object = {}) => {
        this.said.push(`${level} ${message} ${JSON.stringify(fields)}`);
      };
    this.#controller = createController({
      config: this.config,
      manifest: { v: 1, tasks: region.manifest.tasks.filter(({ name }) => settings.tasks.includes(name)) },
      ledger: this.ledger,
      workflow: this.driver,
      stacks: {
        describe: async () => {
          this.#throttled -= 1;
          if (this.#throttled >= 0) throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });
          const answer = this.stack;
          await this.whenAsked();
          return answer;
        },
      },
      runnerLogs: parts.logs,
      log: { info: log('INFO'), error: log('ERROR'), report: log('REPORT') },
      now: () => Date.now() + this.ahead,
      ...(settings.stepsLimit === undefined ? {} : { stepsLimit: settings.stepsLimit }),
    });
  }

  static async open(region: Region, settings: PartySettings): Promise<DeployedParty> {
    const folder = await mkdtemp(join(tmpdir(), 'protocol-party-'));
    const words = await WordServer.start();
    const said: string[] = [];
    const logs = await LocalLogs.open(folder, (line) => said.push(JSON.stringify(line)));
    return new DeployedParty(region, settings, { words, logs, folder, said });
  }

  /** How often the workflow has waited. */
  get waits(): number {
    return this.#waits;
  }

  request(
    type: 'Create' | 'Update' | 'Delete',
    fields: { url?: string; requestId?: string; deployId?: string; physicalId?: string } = {},
  ): CloudFormationRequest {
    const { url = this.region.bucket.url(), requestId = randomUUID(), deployId = 'd1' } = fields;
    const event = {
      RequestType: type,
      ServiceToken: `arn:aws:lambda:eu-west-1:123456789012:function:${FUNCTION_NAME}`,
      ResponseURL: url,
      StackId: STACK_ID,
      RequestId: requestId,
      LogicalResourceId: 'TasksRun7F',
      ResourceType: 'Custom::AfterParty',
      ...(type === 'Create' ? {} : { PhysicalResourceId: fields.physicalId ?? FUNCTION_NAME }),
      ResourceProperties: { ServiceToken: 'arn', ServiceTimeout: '2100', DeployId: deployId, Tasks: ['1_a'] },
      ...(type === 'Update' ? { OldResourceProperties: { ServiceToken: 'arn', DeployId: 'd0' } } : {}),
    };
    const request = new CloudFormationRequest(this, event, url);
    this.#requests.push(request);
    return request;
  }

  /** Returns when every execution has ended. */
  async atRest(): Promise<void> {
    await Promise.all(this.#requests.map(({ runId }) => this.driver.settled(runId)));
  }

  /** A deploy, from its delivery to its answer. */
  async deploy(type: 'Create' | 'Update' = 'Update'): Promise<CustomResourceResponse> {
    const request = this.request(type);
    await request.deliver();
    const answer = await request.answer();
    await request.over();
    return answer;
  }

  /** Invokes the controller as Lambda does: with JSON, for JSON. */
  async send(event: unknown, qualifier = ''): Promise<unknown> {
    const arn = `arn:aws:lambda:eu-west-1:123456789012:function:${FUNCTION_NAME}${qualifier}`;
    const context = { functionName: FUNCTION_NAME, invokedFunctionArn: arn };
    const answer = await this.#controller(JSON.parse(JSON.stringify(event)), context);
    return answer === undefined ? null : JSON.parse(JSON.stringify(answer));
  }

  /** What the CLI would show. */
  async ask<T>(request: Record<string, unknown>): Promise<T> {
    const answer = (await this.send({ v: 1, ...request })) as ControllerAnswer<T>;
    this.said.push(JSON.stringify(answer));
    if ('ok' in answer) return answer.ok;
    throw new Error(`${answer.error.code}: ${answer.error.message}`);
  }

  async record(version: string): Promise<TaskRecord | undefined> {
    return this.ledger.tasks.get(version);
  }

  /** Name, state and attempt of each task that was begun. */
  async states(): Promise<string[]> {
    const all = await this.ledger.tasks.all();
    return [...all.values()].flatMap((record) => {
      if (record instanceof Error) return [record.message];
      return record.attempt === 0 ? [] : [`${record.name} ${record.state} ${record.attempt}`];
    });
  }

  /** All items of the ledger, as JSON. */
  async items(): Promise<string[]> {
    const items: string[] = [];
    const { client } = this.region.dynalite;
    for await (const page of paginateScan({ client }, { TableName: LEDGER_TABLE })) {
      for (const item of page.Items ?? []) {
        if (String(item.pk).startsWith(this.ledger.id)) items.push(JSON.stringify(item));
      }
    }
    return items;
  }

  /** Writes an item as a person would in the console. */
  async edit(sk: string, item: Record<string, unknown>): Promise<void> {
    const { client } = this.region.dynalite;
    await client.send(new PutCommand({ TableName: LEDGER_TABLE, Item: { ...item, pk: this.ledger.id, sk } }));
  }

  async close(): Promise<void> {
    await this.driver.close();
    await this.words.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #decide(message: DecideMessage): Promise<Decision> {
    const decision = (await this.send(message)) as Decision;
    this.said.push(JSON.stringify(message), JSON.stringify(decision));
    if (decision.action !== 'wait') return decision;
    this.#waits += 1;
    return { ...decision, seconds: decision.seconds * WAIT_SCALE };
  }
}
