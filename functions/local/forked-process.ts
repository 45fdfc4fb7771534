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
import type { ForkedRunnerOptions } from './forked-runner.ts';
import type { LineListener } from './local-logs.ts';
import { driverEnded, exitText, lambdaError, type RunnerOutcome } from './runner-outcome.ts';
import type { RunnerAnswer, RunnerEvent, RunnerLoaded } from './runner-process.ts';

/** How long the bundle may take to load at least, which is not of the invocation's own time: as on Lambda. */
const LOAD_MS = 10_000;
/** How long a process that a task left behind may keep the runner's output open. */
const OUTPUT_MS = 1000;

/** A process that executes one invocation at a time. */
export class ForkedProcess {
  readonly #options: ForkedRunnerOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #listen: LineListener = () => undefined;

  constructor(options: ForkedRunnerOptions) {
    this.#options = options;
    this.#child = forkRunner(options);
    if (this.#child.pid !== undefined) options.onRunner?.(this.#child.pid);
    const { stdout, stderr } = this.#child;
    const exit = Promise.withResolvers<unknown>();
    // One that could not be started does not exit; what went wrong hears whoever executes in it.
    this.#child.once('exit', exit.resolve).on('error', exit.resolve);
    this.#ended = Promise.all([this.#capture(stdout), this.#capture(stderr), exit.promise]);
  }

  /** Whether it can be given a further invocation. */
  get isAlive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What came of the invocation; at the runner's timeout it is over, whatever the process does. */
  execute({ work, requestId }: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const { timeoutSeconds, logs } = this.#options;
    this.#listen = logs.listener(work.runId);
    const timeoutMs = timeoutSeconds * 1000;
    const event: RunnerEvent = { work, requestId, functionName: 'after-party-local', timeoutMs };
    const { promise, resolve } = Promise.withResolvers<RunnerOutcome>();
    const crash = (type: string, what: string): void =>
      resolve({ error: lambdaError(type, requestId, what) });
    const onMessage = (said: unknown): void => {
      const message = said as RunnerAnswer | RunnerLoaded;
      if (!('loaded' in message)) {
        resolve(outcomeOf(message));
      } else {
        clearTimeout(timeout);
        timeout = setTimeout(onTimeout, timeoutMs);
      }
    };
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
      crash('Runtime.ExitError', exitText(code, signal));
    const onError = (error: Error): void => crash('Runtime.ExitError', messageOf(error));
    const onClosing = (): void => resolve({ error: driverEnded(requestId) });
    const onTimeout = (): void =>
      crash('Sandbox.Timedout', `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
    let timeout = setTimeout(onTimeout, Math.max(timeoutMs, LOAD_MS));

    const child = this.#child.on('message', onMessage).on('exit', onExit).on('error', onError);
    closing.addEventListener('abort', onClosing);
    if (closing.aborted) onClosing();
    else child.send(event);

    return promise.finally(() => {
      clearTimeout(timeout);
      closing.removeEventListener('abort', onClosing);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
    });
  }

  /** Kills it, and returns when what it said is kept. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await Promise.race([this.#ended, sleep(OUTPUT_MS)]);
  }

  async #capture(stream: Readable | null): Promise<void> {
    if (stream === null) return;
    const lines = createInterface({ input: stream }).on('line', (line) => this.#listen(line));
    await once(lines, 'close');
  }
}

function forkRunner({ entry, environment }: ForkedRunnerOptions): ChildProcess {
  const program = fileURLToPath(new URL(`./runner-process${extname(import.meta.url)}`, import.meta.url));
  return fork(program, [entry], {
    env: environment,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    // Ctrl-C in a terminal goes to whole process groups: what becomes of the runner is not for it to say.
    detached: true,
  });
}

function outcomeOf(answer: RunnerAnswer): RunnerOutcome {
  if ('error' in answer)
    return { error: { Error: answer.error.errorType, Cause: JSON.stringify(answer.error) } };
  // Decide checks the report, as it does one that comes from Lambda.
  return { report: answer.report as RunnerReport };
}
