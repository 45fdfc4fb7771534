import { join, relative } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import { humaniseName } from '../../functions/task/file-name.ts';
import { appFolder } from '../project/app-folder.ts';
import { type LocalTask, localTasks } from '../project/local-tasks.ts';
import { writeFiles } from '../project/new-files.ts';
import { nextVersion, taskName } from '../project/task-name.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface GenerateTaskOptions {
  readonly description?: string;
  readonly manual?: boolean;
  readonly everyDeploy?: boolean;
  readonly background?: boolean;
}

/** Writes a new task module into the app's `tasks` folder. */
export async function generateTask(
  spelled: string,
  options: GenerateTaskOptions,
  { terminal, cwd, now }: Pick<CommandContext, 'terminal' | 'cwd' | 'now'>,
): Promise<ExitCode> {
  const name = taskName(spelled);
  const folder = join(appFolder(cwd), 'tasks');
  const existing = localTasks(folder);
  refuseDuplicate(name, existing);
  const version = nextVersion(
    existing.map((task) => task.version),
    now(),
  );
  const path = join(folder, `${version}_${name}.ts`);
  await writeFiles([{ path, text: moduleText(name, options) }]);
  const file = relative(cwd, path);
  terminal.print({ version, name, file }, () => [`created ${file}`]);
  terminal.progress(whenItRuns(name, options));
  return EXIT.ok;
}

function refuseDuplicate(name: string, existing: readonly LocalTask[]): void {
  const same = existing.find((task) => task.name.toLowerCase() === name);
  if (same === undefined) return;
  const message = `there is a task ${name} already: tasks/${same.file}`;
  throw new PartyError('duplicate-name', message, 'choose another name: a name means one task');
}

function moduleText(name: string, options: GenerateTaskOptions): string {
  const when = whenOf(options);
  return `import { defineTask } from 'after-party/task';

export default defineTask({
  description: ${literal(options.description ?? humaniseName(name))},
${when === undefined ? '' : `  when: '${when}',\n`}${options.background === true ? '  background: true,\n' : ''}  async run({ environmentName, logger }) {
    logger.info(\`${name} runs in \${environmentName}\`);
  },
});
`;
}

function whenOf({ manual, everyDeploy }: GenerateTaskOptions): 'manual' | 'every-deploy' | undefined {
  if (manual === true) return 'manual';
  return everyDeploy === true ? 'every-deploy' : undefined;
}

/** The text between single quotes, whatever it holds. */
function literal(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped}'`;
}

function whenItRuns(name: string, options: GenerateTaskOptions): string {
  if (options.manual === true) return `run it by hand: npx after-party invoke ${name}`;
  const verb = options.background === true ? 'starts it after its commit' : 'runs it';
  const when = options.everyDeploy === true ? `every deploy ${verb}` : `the next deploy ${verb}, once`;
  return `${when}; try it on this machine: npx after-party invoke ${name} --local`;
}
