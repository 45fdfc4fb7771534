import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';
import type { RunnerReport } from '../workflow-messages.ts';
import type { Invocation } from './executions.ts';
import type { LocalLogs } from './local-logs.ts';
import { lambdaError, type RunnerOutcome } from './runner-outcome.ts';
import type { RunnerAnswer, RunnerEvent } from './runner-process.ts';

/** How long a process that a task left behind may keep the runner's output open. */
const OUTPUT_MS = 1000;

export interface ForkedRunnerOptions {
  /** The bundle's entry, an ES module that exports `handler`. */
  readonly entry: string;
  /** All the variables that the tasks see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly logs: LocalLogs;
  /** Is called with the process id of each runner that begins. */
  readonly onRunner?: ((processId: number) => void) | undefined;
}

/** Stands in for the runner's Lambda function: a fresh process for each invocation. */
export class ForkedRunner {
  readonly #options: ForkedRunnerOptions;

  constructor(options: ForkedRunnerOptions) {
    this.#options = options;
  }

  /**
   * Executes the work, and returns what the state machine would have of it. At `timeoutSeconds` of the work it
   * stops waiting, and as on Lambda the invocation goes on to its own timeout.
   */
  async invoke(invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const settled = new AbortController();
    const { timeoutSeconds } = invocation.work;
    const impatience = sleep(timeoutSeconds * 1000, undefined, { signal: settled.signal }).then(
      (): RunnerOutcome => ({ error: { Error: 'States.Timeout' } }),
    );
    try {
      return await Promise.race([this.#execute(invocation, closing), impatience]);
    } finally {
      settled.abort();
    }
  }

  async #execute(invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const child = this.#fork();
    if (child.pid !== undefined) this.#options.onRunner?.(child.pid);
    const output = this.#capture(child, invocation.work.runId);
    const outcome = await this.#outcome(child, invocation, closing);
    child.kill('SIGKILL');
    await Promise.race([output, sleep(OUTPUT_MS)]);
    return outcome;
  }

  #fork(): ChildProcess {
    const { entry, environment } = this.#options;
    const program = fileURLToPath(new URL(`./runner-process${extname(import.meta.url)}`, import.meta.url));
    return fork(program, [entry], {
      env: environment,
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      // Ctrl-C in a terminal goes to whole process groups: what becomes of the runner is not for it to say.
      detached: true,
    });
  }

  async #capture(child: ChildProcess, runId: string): Promise<void> {
    const streams = [child.stdout, child.stderr] as Readable[];
    const ends = streams.map((stream) => {
      const lines = createInterface({ input: stream });
      return once(
        lines.on('line', (line) => this.#options.logs.append(runId, line)),
        'close',
      );
    });
    await Promise.all(ends);
  }

  #outcome(child: ChildProcess, invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const { work, requestId } = invocation;
    const timeoutMs = this.#options.timeoutSeconds * 1000;
    const event: RunnerEvent = { work, requestId, functionName: 'after-party-local', timeoutMs };
    const { promise, resolve } = Promise.withResolvers<RunnerOutcome>();
    const crash = (type: string, what: string): void =>
      resolve({ error: lambdaError(type, requestId, what) });
    const onClosing = (): void =>
      crash('Runtime.ExitError', 'the process that drove the run was asked to end');
    const timeout = setTimeout(
      () =>
        crash('Sandbox.Timedout', `Task timed out after ${this.#options.timeoutSeconds.toFixed(2)} seconds`),
      timeoutMs,
    );

    child.once('message', (answer) => resolve(outcomeOf(answer as RunnerAnswer)));
    child.once('exit', (code, signal) => crash('Runtime.ExitError', exitText(code, signal)));
    child.once('error', (error) => crash('Runtime.ExitError', messageOf(error)));
    closing.addEventListener('abort', onClosing);
    if (closing.aborted) onClosing();
    else child.send(event);

    return promise.finally(() => {
      clearTimeout(timeout);
      closing.removeEventListener('abort', onClosing);
    });
  }
}

function outcomeOf(answer: RunnerAnswer): RunnerOutcome {
  if ('error' in answer)
    return { error: { Error: answer.error.errorType, Cause: JSON.stringify(answer.error) } };
  // Decide checks the report, as it does one that comes from Lambda.
  return { report: answer.report as RunnerReport };
}

/** In Lambda's words. */
function exitText(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'Runtime exited with error: signal: killed';
  if (signal === 'SIGABRT') return 'Runtime exited with error: signal: aborted';
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`;
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code}`;
}
