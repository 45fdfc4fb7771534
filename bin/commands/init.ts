import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { appFolder, nearestFolderWith } from '../project/app-folder.ts';
import { type FileText, writeFiles } from '../project/new-files.ts';
import { tasksReadme } from '../project/tasks-readme.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const SCRIPT = 'after-party status';
const IGNORED = '.after-party/';

/** What becomes of one file: its new text, or why it stays as it is. */
interface Step {
  readonly path: string;
  readonly says: string;
  readonly text?: string;
}

/** Prepares a CDK app for tasks; what is there already stays. The app's own code is the author's to change. */
export async function init({ terminal, cwd }: Pick<CommandContext, 'terminal' | 'cwd'>): Promise<ExitCode> {
  const packageFolder = npmProject(cwd);
  const app = appFolder(cwd);
  const steps = [readmeStep(app), scriptStep(packageFolder), ignoreStep(app)];
  await writeFiles(steps.filter((step): step is Step & FileText => step.text !== undefined));

  const changed = steps.filter((step) => step.text !== undefined).map((step) => relative(cwd, step.path));
  const unchanged = steps.filter((step) => step.text === undefined).map((step) => relative(cwd, step.path));
  terminal.print({ changed, unchanged }, () => [
    ...steps.map((step) => `  ${step.says}`),
    ...linesToAdd(app),
  ]);
  return EXIT.ok;
}

function npmProject(cwd: string): string {
  const folder = nearestFolderWith('package.json', cwd);
  if (folder !== undefined) return folder;
  throw new PartyError(
    'no-npm-project',
    `there is no package.json in ${cwd} or above it`,
    'run this inside an npm project with a CDK app; `npx cdk init app --language typescript` makes one',
  );
}

function readmeStep(app: string): Step {
  const path = join(app, 'tasks', 'README.md');
  return existsSync(path)
    ? { path, says: 'there     tasks/README.md' }
    : { path, says: 'created   tasks/README.md', text: tasksReadme };
}

function scriptStep(folder: string): Step {
  const path = join(folder, 'package.json');
  const text = readText(path);
  const manifest = parsePackage(text, path);
  const script = manifest.scripts?.tasks;
  if (script === SCRIPT) return { path, says: `there     script "tasks": "${SCRIPT}"` };
  if (script !== undefined)
    return { path, says: `left      script "tasks", which does something else: ${JSON.stringify(script)}` };
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
  const changed = { ...manifest, scripts: { ...manifest.scripts, tasks: SCRIPT } };
  const end = text.endsWith('\n') ? '\n' : '';
  return {
    path,
    says: `added     script "tasks": "${SCRIPT}"`,
    text: `${JSON.stringify(changed, null, indent)}${end}`,
  };
}

function ignoreStep(app: string): Step {
  const path = join(app, '.gitignore');
  const text = existsSync(path) ? readText(path) : '';
  if (/^\/?\.after-party\/?\s*$/m.test(text)) return { path, says: `there     ${IGNORED} in .gitignore` };
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return { path, says: `added     ${IGNORED} to .gitignore`, text: `${text}${end}${IGNORED}\n` };
}

function parsePackage(text: string, path: string): { scripts?: Record<string, unknown> } {
  const resolution = 'mend the file and try again; nothing was written';
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new PartyError('bad-package-json', `${path} is no valid JSON: ${messageOf(error)}`, resolution, {
      cause: error,
    });
  }
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const { scripts = {} } = isObject(manifest) ? (manifest as { scripts?: unknown }) : { scripts: null };
  if (isObject(scripts)) return manifest as { scripts?: Record<string, unknown> };
  throw new PartyError(
    'bad-package-json',
    `${path} is no package.json: its scripts are no object`,
    resolution,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new PartyError('unreadable', `${path} cannot be read: ${messageOf(error)}`, undefined, {
      cause: error,
    });
  }
}

function linesToAdd(app: string): string[] {
  return [
    '',
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
