import { readFileSync } from 'node:fs';
import { Logger } from '@aws-lambda-powertools/logger';
import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import { createDocumentClient, Ledger, LedgerTable } from '../ledger/index.ts';
import { parseManifest } from '../manifest.ts';
import { cloudWatchLogs } from './aws-runner-logs.ts';
import { cloudFormationStacks } from './aws-stacks.ts';
import { stepFunctionsWorkflow } from './aws-workflow.ts';
import { type Controller, createController } from './controller.ts';
import { readEnvironment } from './party-config.ts';
import type { ControllerLog } from './ports.ts';

const logger = new Logger({ serviceName: 'after-party' });

const log: ControllerLog = {
  info: (message, fields = {}) => logger.info(message, fields),
  error: (message, fields = {}) => logger.error(message, fields),
  // For the deploy's terminal, where JSON would bury what happened.
  report: (line) => void process.stdout.write(`${line}\n`),
};

let controller: Controller | undefined;

/** The post-deploy function: called by CloudFormation, the workflow and the CLI. */
export const handler: MiddyfiedHandler<unknown, unknown> = middy<unknown, unknown>(
  (event: unknown, context: Context) => {
    controller ??= fromEnvironment();
    return controller(event, context);
  },
  { timeoutEarlyInMillis: 0 },
);

function fromEnvironment(): Controller {
  const { config, table, ledgerId, stateMachineArn, runnerLogGroup } = readEnvironment(process.env);
  const manifest = new URL('manifest.json', import.meta.url);
  return createController({
    config,
    manifest: parseManifest(JSON.parse(readFileSync(manifest, 'utf8')), 'manifest.json'),
    ledger: new Ledger(new LedgerTable(createDocumentClient(), table, ledgerId)),
    workflow: stepFunctionsWorkflow(stateMachineArn),
    stacks: cloudFormationStacks(),
    runnerLogs: cloudWatchLogs(runnerLogGroup),
    log,
    now: Date.now,
  });
}
