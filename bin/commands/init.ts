import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import { appFolder, nearestFolderWith } from '../project/app-folder.ts';
import { ignoreStep, isChange, packageStep, readmeStep, type Step } from '../project/app-steps.ts';
import { writeFiles } from '../project/new-files.ts';
import { readNpmProject } from '../project/npm-package.ts';
import { STANDALONE_NEXT, standaloneFolder, standaloneSteps } from '../project/standalone-app.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface InitOptions {
  readonly standalone?: boolean;
}

/**
 * Prepares a CDK app for tasks, or makes one for them alone; what is there already stays. The app's own code is the
 * author's to change.
 */
export async function init(
  { standalone = false }: InitOptions,
  { terminal, cwd }: Pick<CommandContext, 'terminal' | 'cwd'>,
): Promise<ExitCode> {
  const { steps, next } = standalone ? alone(cwd) : within(cwd);
  await writeFiles(steps.filter(isChange));
  const paths = (some: readonly Step[]) => some.map((step) => relative(cwd, step.path));
  const changed = paths(steps.filter(isChange));
  const unchanged = paths(steps.filter((step) => !isChange(step)));
  terminal.print({ changed, unchanged }, () => [
    ...steps.flatMap(({ says }) => says.map((line) => `  ${line}`)),
    '',
    ...next,
  ]);
  return EXIT.ok;
}

interface Plan {
  readonly steps: readonly Step[];
  /** What is left to the author. */
  readonly next: readonly string[];
}

function alone(cwd: string): Plan {
  return { steps: standaloneSteps(standaloneFolder(cwd)), next: STANDALONE_NEXT };
}

function within(cwd: string): Plan {
  const packageFolder = npmProject(cwd);
  const app = appFolder(cwd);
  const parts = { scripts: { tasks: 'after-party status' }, devDependencies: {} };
  const npm = packageStep(readNpmProject(packageFolder), parts);
  return { steps: [readmeStep(app), npm, ignoreStep(app, ['.after-party/'])], next: linesToAdd(app) };
}

function npmProject(cwd: string): string {
  const folder = nearestFolderWith('package.json', cwd);
  if (folder !== undefined) return folder;
  throw new PartyError(
    'no-npm-project',
    `there is no package.json in ${cwd} or above it`,
    'run this inside an npm project with a CDK app, which `npx cdk init app --language typescript` makes; ' +
      'with --standalone it makes one for the tasks alone',
  );
}

function linesToAdd(app: string): string[] {
  return [
    `Add to ${stackFile(app) ?? 'your stack'}:`,
    '',
    "    import { AfterParty } from 'after-party';",
    '',
    "    const party = new AfterParty(this, 'Tasks', { environment: { USERS_TABLE: users.tableName } });",
    '    users.grantReadWriteData(party);',
    '',
    'Write a task: npx after-party generate task NAME',
  ];
}

/** The file of the app's stack, where there is no doubt which it is. */
function stackFile(app: string): string | undefined {
  const lib = join(app, 'lib');
  if (!existsSync(lib)) return undefined;
  const [file, ...others] = readdirSync(lib).filter(
    (name) => /stack\.[cm]?[jt]s$/i.test(name) && !/\.d\.[cm]?ts$/.test(name),
  );
  return file === undefined || others.length > 0 ? undefined : `lib/${file}`;
}
