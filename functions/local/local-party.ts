import { appendFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createController, READ_REQUESTS, type STATUS_ALIAS } from '../controller/index.ts';
import type { ControllerLog, PartyConfig, StackStates } from '../controller/ports.ts';
import { VARIABLES } from '../environment.ts';
import { createDocumentClient, Ledger, LedgerTable } from '../ledger/index.ts';
import type { Decision } from '../workflow-messages.ts';
import { appEnvironment } from './app-environment.ts';
import { ensureTable, type TableDefinition } from './app-tables.ts';
import { type Database, openDatabase } from './database.ts';
import { Driver } from './driver.ts';
import { Executions, executionsTable } from './executions.ts';
import { ForkedRunner, type ForkedRunnerOptions, runnersAtOnce } from './forked-runner.ts';
import { LocalLogs } from './local-logs.ts';
import type { LocalPartyOptions } from './local-party-options.ts';
import { LOCAL_REGION, readLocalEnv, runnerEnvironment } from './runner-environment.ts';

const FUNCTION_NAME = 'after-party-local';
const FUNCTION_ARN = `arn:aws:lambda:${LOCAL_REGION}:000000000000:function:${FUNCTION_NAME}`;
const LEDGER_TABLE = 'after-party';

const ledgerTable: TableDefinition = {
  TableName: LEDGER_TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
};

const CONFIG: PartyConfig = {
  environmentName: 'local',
  party: 'Tasks',
  // In this region the commands that a message names are those for this machine.
  stackId: 'arn:aws:cloudformation:local:000000000000:stack/local/00000000-0000-0000-0000-000000000000',
  deployTimeoutSeconds: 1800,
  runnerTimeoutSeconds: 900,
  onFailure: 'fail-deploy',
  newEnvironment: 'run',
  ownsLedger: true,
  retentionDays: 365,
  endpointUrl: undefined,
};

/** What is run by hand runs in a stack at rest. */
const STACK_AT_REST: StackStates = {
  describe: async () => ({ status: 'UPDATE_COMPLETE', rootStatus: 'UPDATE_COMPLETE' }),
};

/** A party on this machine. */
export interface LocalParty {
  /** What DynamoDB clients need to reach the database. */
  readonly dynamo: DynamoDBClientConfig;
  readonly ledger: Ledger;
  /** Sends the controller an event as Lambda would: a request, or CloudFormation's. */
  request(event: unknown, alias?: typeof STATUS_ALIAS): Promise<unknown>;
  /** Whether this process drives the run, so that it ends with it. */
  drives(runId: string): boolean;
  /**
   * Returns when this process no longer drives the run.
   * @throws what kept it from being driven to its end
   */
  settled(runId: string): Promise<void>;
  /** Ends what still runs, has that recorded, and lets go of the database. */
  close(): Promise<void>;
}

/**
 * Opens the party of a folder. What a process that was killed has left running is settled at the first request
 * that is more than a look.
 * @throws PartyError where the database cannot be opened, and what bundling throws
 */
export async function openLocalParty(options: LocalPartyOptions): Promise<LocalParty> {
  const { folder, idleSeconds } = options;
  const [bundled, opened] = await Promise.allSettled([
    options.bundle(),
    openDatabase(folder, idleSeconds === undefined ? {} : { idleSeconds }),
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  try {
    if (bundled.status === 'rejected') throw bundled.reason;
    return await assemble(options, bundled.value, opened.value);
  } catch (error) {
    opened.value.close();
    throw error;
  }
}

async function assemble(
  options: LocalPartyOptions,
  { entry, manifest }: Awaited<ReturnType<LocalPartyOptions['bundle']>>,
  database: Database,
): Promise<LocalParty> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamo = { endpoint: database.endpoint, region: LOCAL_REGION, credentials };
  const client = createDocumentClient(dynamo);
  await Promise.all([ensureTable(client, ledgerTable), ensureTable(client, executionsTable)]);

  const config = { ...CONFIG, ...options.config };
  const ledgerId = options.ledgerId ?? ledgerIdOf(options);
  const logs = await LocalLogs.open(options.folder, options.onLogLine ?? (() => undefined));
  const executions = new Executions(client, database.clientId, ledgerId);
  const runnerOptions = lazily(async (): Promise<ForkedRunnerOptions> => {
    const environment = await environmentOf(options, { client, database, config, ledgerId });
    const { onRunner } = options;
    const timeoutSeconds = config.runnerTimeoutSeconds;
    return { entry, environment, timeoutSeconds, logs, onRunner };
  });
  const driver = new Driver({
    decide: async (message) => (await send(message)) as Decision,
    runner: async () => new ForkedRunner(await runnerOptions()),
    runnersAtOnce: runnersAtOnce(),
    executions,
  });
  const ledger = new Ledger(new LedgerTable(client, LEDGER_TABLE, ledgerId));
  const controller = createController({
    config,
    manifest,
    ledger,
    workflow: driver,
    stacks: options.stacks ?? STACK_AT_REST,
    runnerLogs: logs,
    log: options.log ?? fileLog(join(options.folder, 'controller.log')),
    now: Date.now,
  });
  /** As Lambda hands on events and answers: as JSON. */
  const send = async (event: unknown, invokedFunctionArn = FUNCTION_ARN): Promise<unknown> =>
    asJson(await controller(asJson(event), { functionName: FUNCTION_NAME, invokedFunctionArn }));
  /** What can keep tasks from being run is found out before one is recorded as running. */
  const prepare = lazily(async () => {
    await runnerOptions();
    const orphans = await executions.orphans(await database.connectedClients());
    for (const failure of await driver.adopt(orphans)) options.onWarning?.(failure);
  });
  database.lost.addEventListener('abort', () => driver.close(database.lost.reason));

  return {
    dynamo,
    ledger,
    async request(event, alias) {
      if (!isLook(event)) await prepare();
      return send(event, alias === undefined ? FUNCTION_ARN : `${FUNCTION_ARN}:${alias}`);
    },
    drives: (runId) => driver.drives(runId),
    settled: (runId) => driver.settled(runId),
    async close() {
      await driver.close();
      client.destroy();
      database.close();
    },
  };
}

async function environmentOf(
  options: LocalPartyOptions,
  local: { client: DynamoDBDocumentClient; database: Database; config: PartyConfig; ledgerId: string },
): Promise<Record<string, string>> {
  const { config, database } = local;
  return runnerEnvironment({
    database,
    machine: process.env,
    tasks: [
      await appEnvironment(options, local.client),
      await readLocalEnv(options.tasksFolder),
      options.environment ?? {},
    ],
    party: {
      [VARIABLES.table]: LEDGER_TABLE,
      [VARIABLES.ledgerId]: local.ledgerId,
      [VARIABLES.environmentName]: config.environmentName,
      [VARIABLES.runnerTimeout]: String(config.runnerTimeoutSeconds),
    },
    withAws: options.withAws ?? false,
  });
}

/** The tasks' folder, which tells the parties of one app apart before the app was ever synthesized. */
function ledgerIdOf({ folder, tasksFolder }: LocalPartyOptions): string {
  return relative(dirname(folder), tasksFolder).split(sep).join('/').replaceAll(/[#*?]/g, '-');
}

/** What only looks finds no run's tasks in need of a runner; whoever watches a run waits for its end, though. */
function isLook(event: unknown): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    'request' in event &&
    event.request !== 'watch' &&
    (READ_REQUESTS.has(String(event.request)) || event.request === 'check-runner')
  );
}

function asJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

function fileLog(file: string): ControllerLog {
  const append = (level: string, message: string, fields: Record<string, unknown> = {}): void =>
    appendFileSync(file, `${JSON.stringify({ at: new Date(), level, message, ...fields })}\n`);
  return {
    info: (message, fields) => append('INFO', message, fields),
    error: (message, fields) => append('ERROR', message, fields),
    report: (line) => append('REPORT', line),
  };
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
