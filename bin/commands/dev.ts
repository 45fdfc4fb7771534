import { join, relative } from 'node:path';
import { isPartyError } from '../../functions/errors.ts';
import type { PartyChoice } from '../../functions/local/index.ts';
import { findTasksFolder } from '../../lib/task-files.ts';
import { withPasteableHint } from '../party/pasteable.ts';
import { appFolder } from '../project/app-folder.ts';
import { chooseTask } from '../project/choose-task.ts';
import { FileWatch } from '../project/file-watch.ts';
import { failureLines } from '../terminal/failure-lines.ts';
import type { Surroundings } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readParams } from './invoke.ts';
import { tryTask } from './try-task.ts';

export interface DevOptions extends PartyChoice {
  /** JSON, or `@` and the file that holds it. */
  readonly params?: string;
  /** Children of a split task. */
  readonly key?: readonly string[];
  readonly dryRun?: boolean;
  readonly withAws?: boolean;
  readonly reset?: boolean;
}

/** Runs a task on this machine, and again whenever it or what it imports is saved, until Ctrl-C. */
export async function dev(
  word: string | undefined,
  options: DevOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { cwd, terminal } = surroundings;
  const params = options.params === undefined ? undefined : await readParams(options.params, cwd);
  const app = appFolder(cwd);
  const tasksFolder = findTasksFolder('tasks', cwd);
  const task = await chooseTask(word, tasksFolder, terminal).catch((error: unknown) => {
    throw withPasteableHint(error, ' --local');
  });
  if (options.reset === true) {
    const { resetFolder } = await import('../../functions/local/reset-folder.ts');
    await resetFolder(join(app, '.after-party'));
  }
  const watch = new FileWatch();
  const watched = [join(tasksFolder, task.file), join(tasksFolder, '.env.local')];
  const interrupt = new AbortController();
  const stopListening = surroundings.onInterrupt(() => interrupt.abort());
  const ended = AbortSignal.any([interrupt.signal, terminal.closed]);
  try {
    for (;;) {
      await watch.begin(watched);
      const round = new AbortController();
      const change = watch.change(ended);
      const trial = tryTask({ tasksFolder, task, watch, options, params }, surroundings, {
        signal: AbortSignal.any([ended, round.signal]),
      }).catch(sayWhy);
      const isOver = await Promise.race([trial.then(() => true), change.then(() => false)]);
      round.abort();
      await trial;
      if (ended.aborted) return isOver ? EXIT.ok : EXIT.interrupted;
      if (isOver) terminal.progress(terminal.progressColours.quiet('waiting for changes (Ctrl-C to end)'));
      const file = await change;
      if (file === undefined) return EXIT.ok;
      terminal.progress(`\n${relative(cwd, file) || 'this folder'} changed`);
    }
  } finally {
    stopListening();
  }

  /** What a change may mend is no end. */
  function sayWhy(error: unknown): void {
    if (!isPartyError(error)) throw error;
    // Ctrl-C goes to esbuild, too.
    if (ended.aborted) return;
    for (const line of failureLines(error, terminal.progressColours)) terminal.progress(line);
  }
}
