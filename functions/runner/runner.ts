import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Context } from 'aws-lambda';
import * as v from 'valibot';
import { VARIABLES } from '../environment.ts';
import { messageOf, PartyError } from '../errors.ts';
import { createDocumentClient, Ledger, LedgerTable } from '../ledger/index.ts';
import { type RunnerReport, type Work, workSchema } from '../workflow-messages.ts';
import { captureConsole } from './console-capture.ts';
import { carryOut } from './invocation.ts';
import { type RunnerPorts, TIMING } from './ports.ts';
import type { TaskFile } from './task-file.ts';

/** Taken before any task can have it replaced. */
const exitProcess = process.exit.bind(process);

/**
 * The runner's Lambda handler: executes the tasks that the workflow names.
 * Nothing is read from the environment before the first invocation.
 */
export function createRunner(files: readonly TaskFile[]): MiddyfiedHandler<unknown, RunnerReport> {
  let ports: RunnerPorts | undefined;
  return runnerFor(() => {
    ports ??= portsFromEnvironment(files, process.env);
    return ports;
  });
}

/** A runner on given ports, which are asked for at each invocation. */
export function runnerFor(ports: () => RunnerPorts): MiddyfiedHandler<unknown, RunnerReport> {
  let isConsoleCaptured = false;
  return middy<unknown, RunnerReport>(
    async (event: unknown, context: Context) => {
      // For as long as the process lives.
      if (!isConsoleCaptured) captureConsole();
      isConsoleCaptured = true;
      try {
        return await carryOut(parseWork(event), context, ports());
      } catch (error) {
        throw thrownIn(context, error);
      }
    },
    { timeoutEarlyInMillis: 0 },
  );
}

/** As Lambda itself says which request died: Step Functions may have made two of one call. */
function thrownIn({ awsRequestId }: Context, thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  error.message = `RequestId: ${awsRequestId} ${error.message}`;
  return error;
}

function parseWork(event: unknown): Work {
  const parsed = v.safeParse(workSchema, event);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new PartyError(
    'bad-request',
    `the runner was called with no work: ${v.getDotPath(issue) ?? 'the event'}: ${issue.message}`,
    "only the party's workflow calls this function; to run a task by hand: npx after-party invoke TASK",
  );
}

function portsFromEnvironment(files: readonly TaskFile[], variables: NodeJS.ProcessEnv): RunnerPorts {
  const table = required(variables, VARIABLES.table);
  const ledgerId = required(variables, VARIABLES.ledgerId);
  return {
    files,
    ledger: new Ledger(new LedgerTable(createDocumentClient(), table, ledgerId)),
    environmentName: required(variables, VARIABLES.environmentName),
    timeoutSeconds: Number(required(variables, VARIABLES.runnerTimeout)),
    variables,
    now: Date.now,
    timing: TIMING,
    endProcess,
  };
}

function required(variables: NodeJS.ProcessEnv, name: string): string {
  const value = variables[name];
  if (value !== undefined && value !== '') return value;
  throw new PartyError(
    'missing-variable',
    `the runner's environment variable ${name} is not set`,
    'the AfterParty construct sets it: deploy again',
  );
}

async function endProcess(): Promise<never> {
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
  );
  await Promise.all(written);
  return exitProcess(1);
}
