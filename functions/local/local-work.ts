import type { PartyConfig } from '../controller/ports.ts';
import { VARIABLES } from '../environment.ts';
import type { DecideMessage, Decision } from '../workflow-messages.ts';
import { appEnvironment } from './app-environment.ts';
import type { Database } from './database.ts';
import { Driver } from './driver.ts';
import { Executions } from './executions.ts';
import { ForkedRunner, type ForkedRunnerOptions, runnersAtOnce } from './forked-runner.ts';
import { lazily } from './lazily.ts';
import { LEDGER_TABLE, type LocalDynamo } from './local-dynamo.ts';
import type { LocalLogs } from './local-logs.ts';
import type { LocalPartyOptions } from './local-party-options.ts';
import { readLocalEnv, runnerEnvironment } from './runner-environment.ts';

/** What the work of a party is done with. */
export interface Workplace {
  /** The bundle's entry. */
  readonly entry: string;
  readonly database: Database;
  readonly dynamo: LocalDynamo;
  readonly config: PartyConfig;
  readonly ledgerId: string;
  readonly logs: LocalLogs;
  readonly decide: (message: DecideMessage) => Promise<Decision>;
}

/** What executes the runs of a local party. */
export interface LocalWork {
  readonly driver: Driver;
  /** Finds out what can keep tasks from being run before one is recorded as running, and adopts the runs of the dead. */
  prepare(): Promise<void>;
}

export async function openWork(options: LocalPartyOptions, place: Workplace): Promise<LocalWork> {
  const { entry, database, dynamo, config, ledgerId, logs, decide } = place;
  const client = await dynamo.document();
  const executions = new Executions(client, database.clientId, ledgerId);
  const runnerOptions = lazily(async (): Promise<ForkedRunnerOptions> => {
    const app = await appEnvironment(options, client);
    const environment = await environmentOf(options, place, app);
    const { onRunner } = options;
    return { entry, environment, timeoutSeconds: config.runnerTimeoutSeconds, logs, onRunner };
  });
  const driver = new Driver({
    decide,
    runner: async () => new ForkedRunner(await runnerOptions()),
    runnersAtOnce: runnersAtOnce(),
    executions,
  });
  database.lost.throwIfAborted();
  database.lost.addEventListener('abort', () => driver.close(database.lost.reason));
  return {
    driver,
    prepare: lazily(async () => {
      await runnerOptions();
      const orphans = await executions.orphans(await database.connectedClients());
      for (const failure of await driver.adopt(orphans)) options.onWarning?.(failure);
    }),
  };
}

async function environmentOf(
  options: LocalPartyOptions,
  { database, config, ledgerId }: Workplace,
  app: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  return runnerEnvironment({
    database,
    machine: process.env,
    tasks: [app, await readLocalEnv(options.tasksFolder), options.environment ?? {}],
    party: {
      [VARIABLES.table]: LEDGER_TABLE,
      [VARIABLES.ledgerId]: ledgerId,
      [VARIABLES.environmentName]: config.environmentName,
      [VARIABLES.runnerTimeout]: String(config.runnerTimeoutSeconds),
    },
    withAws: options.withAws ?? false,
  });
}
