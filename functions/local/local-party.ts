import { appendFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createController, READ_REQUESTS, type STATUS_ALIAS } from '../controller/index.ts';
import type { ControllerLog, PartyConfig, StackStates } from '../controller/ports.ts';
import { Ledger } from '../ledger/ledger.ts';
import { LedgerTable } from '../ledger/table.ts';
import type { Decision } from '../workflow-messages.ts';
import { type Database, openDatabase } from './database.ts';
import { LEDGER_TABLE, LocalDynamo } from './local-dynamo.ts';
import { LocalLogs } from './local-logs.ts';
import type { LocalPartyOptions } from './local-party-options.ts';
import type { LocalWork } from './local-work.ts';
import { LOCAL_REGION } from './runner-environment.ts';

const FUNCTION_NAME = 'after-party-local';
const FUNCTION_ARN = `arn:aws:lambda:${LOCAL_REGION}:000000000000:function:${FUNCTION_NAME}`;

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
  const dynamo = new LocalDynamo({ endpoint: database.endpoint, region: LOCAL_REGION, credentials });
  const config = { ...CONFIG, ...options.config };
  const ledgerId = options.ledgerId ?? ledgerIdOf(options);
  const logs = await LocalLogs.open(options.folder, options.onLogLine ?? (() => undefined));
  let opening: Promise<LocalWork> | undefined;
  let opened: LocalWork | undefined;
  /** Loaded only where tasks may run: most commands look. */
  const work = (): Promise<LocalWork> => {
    opening ??= openWork();
    return opening;
  };
  const openWork = async (): Promise<LocalWork> => {
    const decide = async (message: object) => (await send(message)) as Decision;
    const place = { entry, database, dynamo, config, ledgerId, logs, decide };
    opened = await (await import('./local-work.ts')).openWork(options, place);
    return opened;
  };
  const ledger = new Ledger(new LedgerTable(dynamo, LEDGER_TABLE, ledgerId));
  const controller = createController({
    config,
    manifest,
    ledger,
    workflow: {
      start: async (runId, generation) => (await work()).driver.start(runId, generation),
      isRunning: async (runId, generation) => (await work()).driver.isRunning(runId, generation),
      check: async (id) => (await work()).driver.check(id),
    },
    stacks: options.stacks ?? STACK_AT_REST,
    runnerLogs: logs,
    log: options.log ?? fileLog(join(options.folder, 'controller.log')),
    now: Date.now,
  });
  /** As Lambda hands on events and answers: as JSON. */
  const send = async (event: unknown, invokedFunctionArn = FUNCTION_ARN): Promise<unknown> =>
    asJson(await controller(asJson(event), { functionName: FUNCTION_NAME, invokedFunctionArn }));

  return {
    dynamo: dynamo.config,
    ledger,
    async request(event, alias) {
      if (!isLook(event)) await (await work()).prepare();
      return send(event, alias === undefined ? FUNCTION_ARN : `${FUNCTION_ARN}:${alias}`);
    },
    drives: (runId) => opened?.driver.drives(runId) ?? false,
    settled: async (runId) => opened?.driver.settled(runId),
    async close() {
      await Promise.allSettled([opening]);
      await opened?.driver.close();
      await dynamo.close();
      database.close();
    },
  };
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
