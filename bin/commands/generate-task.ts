import { join, relative } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { humaniseName } from '../../functions/task/file-name.ts';
import { appFolder } from '../project/app-folder.ts';
import { fillIn, takesOptions } from '../project/fill-in.ts';
import { createFiles } from '../project/new-files.ts';
import { checkPending } from '../project/pending-check.ts';
import { writeReserved } from '../project/reserved-task.ts';
import { taskName } from '../project/task-name.ts';
import { DEFAULT_TEMPLATE, readTemplate, type Template } from '../project/templates.ts';
import { type TaskTest, testOf } from '../project/test-module.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface GenerateTaskOptions {
  readonly template?: string;
  readonly description?: string;
  readonly manual?: boolean;
  readonly everyDeploy?: boolean;
  readonly background?: boolean;
}

/** Writes a new task module into the app's `tasks` folder, and its test; all is checked before anything is written. */
export async function generateTask(
  spelled: string,
  options: GenerateTaskOptions,
  { terminal, cwd, now }: Pick<CommandContext, 'terminal' | 'cwd' | 'now'>,
): Promise<ExitCode> {
  const name = taskName(spelled);
  const app = appFolder(cwd);
  const folder = join(app, 'tasks');
  const template = readTemplate(options.template ?? DEFAULT_TEMPLATE, folder);
  const description = options.description ?? humaniseName(name);
  const { version, module, tested } = await writeReserved(folder, name, now(), async (version) => {
    const values = { name, version, description, options: optionLines(options, template) };
    const module = { path: join(folder, `${version}_${name}.ts`), text: fillIn(template.module, values) };
    const tested = template.test && testOf(template.test, { app, module: module.path, template, values });
    await createFiles([module, ...(tested === undefined ? [] : [tested.file])]);
    return { version, module, tested };
  });

  const { pending, reason, task } = await checkPending(folder, version);
  const file = relative(cwd, module.path);
  const test = tested === undefined ? null : relative(cwd, tested.file.path);
  const runner = tested?.runner ?? null;
  terminal.print({ version, name, file, template: template.name, test, runner, pending, reason }, (safe) => [
    `created ${safe.file}`,
    safe.test === null
      ? `no test: there is no tasks/.templates/${template.name}.test.ts`
      : `created ${safe.test}   (${runnerText(tested)})`,
    `pending: ${pendingText(safe.pending, safe.reason)}`,
  ]);
  for (const line of whatNext(name, module.text, task)) terminal.progress(safeText(line));
  return EXIT.ok;
}

/** What the flags say of the task, as lines of its options. */
function optionLines(options: GenerateTaskOptions, template: Template): string[] {
  const { manual = false, everyDeploy = false, background = template.background && !manual } = options;
  const lines = [
    ...(manual ? ["when: 'manual',"] : []),
    ...(everyDeploy ? ["when: 'every-deploy',"] : []),
    ...(background ? ['background: true,'] : []),
  ];
  if (lines.length === 0 || takesOptions(template.module)) return lines;
  throw new PartyError(
    'no-options',
    `${template.module.shownAs} has no place for ${lines.join(' ').slice(0, -1)}; nothing was written`,
    'add the line // {{options}} inside defineTask({ … }), or leave out the flag',
  );
}

function runnerText(test: TaskTest | undefined): string {
  if (test?.isFound === false) return `${test.runner}, since neither jest nor vitest is set up here`;
  return test?.runner ?? '';
}

function pendingText(pending: boolean, reason: string | null): string {
  const answer = pending ? 'yes' : 'no';
  return reason === null ? answer : `${answer}, ${reason}`;
}

function whatNext(name: string, text: string, task: ManifestTask | undefined): string[] {
  const read = [...text.matchAll(/\benv\.([A-Z][A-Z\d_]*)/g)].map(([, variable = '']) => variable);
  const variables = [...new Set(read)].join(', ');
  return [
    ...(variables === ''
      ? []
      : [`it reads ${variables}: set in the party's "environment", and for --local in tasks/.env.local`]),
    ...(task === undefined ? [] : [whenItRuns(name, task)]),
  ];
}

function whenItRuns(name: string, { when, background }: ManifestTask): string {
  if (when === 'manual') return `run it by hand: npx after-party invoke ${name}`;
  const verb = background === true ? 'starts it after its commit' : 'runs it';
  const often = when === 'every-deploy' ? `every deploy ${verb}` : `the next deploy ${verb}, once`;
  return `${often}; try it on this machine: npx after-party dev ${name}`;
}
