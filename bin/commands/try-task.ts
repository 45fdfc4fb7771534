import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStatus, TaskDetails } from '../../functions/controller/requests.ts';
import { openTrialParty } from '../party/trial-party.ts';
import type { FileWatch } from '../project/file-watch.ts';
import type { LocalTask } from '../project/local-tasks.ts';
import { taskEnvironment } from '../project/task-environment.ts';
import { trialBundle } from '../project/trial-bundle.ts';
import { showPassingLines } from '../terminal/live-lines.ts';
import { titleOf } from '../terminal/task-lines.ts';
import type { CommandContext, Surroundings } from './context.ts';
import type { DevOptions } from './dev.ts';
import { followRun, isOver } from './follow-run.ts';

/** Characters of a result that the line at its end may well hold. */
const LONG_RESULT = 60;
const POLLING = { first: 50, most: 500 } as const;

export interface Trial {
  readonly tasksFolder: string;
  readonly task: LocalTask;
  /** Is told of the files that the task is made of. */
  readonly watch: FileWatch;
  readonly options: DevOptions;
  readonly params: Record<string, unknown> | undefined;
}

/**
 * Runs a task on this machine as if it never had run, and shows what comes of it.
 * @throws PartyError where it does not compile or load, and what keeps it from being run
 */
export async function tryTask(
  { tasksFolder, task, watch, options, params }: Trial,
  surroundings: Surroundings,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { cwd, terminal } = surroundings;
  const { stack, env, party: partyName, key: keys, withAws = false, dryRun = false } = options;
  const choice = { stack, env, party: partyName };
  const outdir = await mkdtemp(join(tmpdir(), 'after-party-dev-'));
  const inputs: string[] = [];
  try {
    const environment = await taskEnvironment(tasksFolder, choice, cwd);
    const onInputs = (files: readonly string[]) => void inputs.push(...files);
    showPassingLines(terminal, () => [`bundling ${titleOf(task)}`]);
    const bundle = trialBundle({ tasksFolder, task, environment, outdir, onInputs });
    await watch.add(inputs);
    const onWarning = (message: string) => terminal.progress(message);
    const party = await openTrialParty({ tasksFolder, ...bundle, keys, choice, withAws, cwd, onWarning });
    try {
      const context: CommandContext = { ...surroundings, party };
      const started = await party.ask({
        request: 'invoke',
        runId: randomBytes(16).toString('hex'),
        names: [task.version],
        dryRun,
        ...(params !== undefined && { params }),
        ...(keys !== undefined && { keys: [...keys] }),
      });
      const run = await followRun(started, context, { polling: POLLING, signal });
      if (isOver(run)) await showEnd(run, task, context);
    } finally {
      await party.close();
    }
  } finally {
    terminal.endPassingLines();
    await watch.add(inputs);
    await rm(outdir, { recursive: true, force: true });
  }
}

async function showEnd(run: RunStatus, task: LocalTask, { party, terminal }: CommandContext): Promise<void> {
  const { tasks } = await party.ask({ request: 'show', names: [task.version] });
  const [details] = tasks;
  const hasRun = details !== undefined && details.attempt > 0;
  terminal.print({ run, details }, (safe) => [
    ...(run.state === 'succeeded' || hasRun ? [] : [safe.run.outcome ?? '']),
    ...(safe.details === undefined ? [] : endLines(safe.details)),
  ]);
}

/** What the line at the task's end has no room for. */
function endLines({ error, result }: TaskDetails): string[] {
  if (error !== null) return [];
  const text = JSON.stringify(result, undefined, 2);
  return text.length <= LONG_RESULT ? [] : [text];
}
