import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PartyError } from '../../functions/errors.ts';
import { nearestFolderWith } from './app-folder.ts';
import { fileStep, ignoreStep, type PackageParts, packageStep, readmeStep, type Step } from './app-steps.ts';
import { readNpmProject, readText } from './npm-package.ts';

const APP_FILE = 'bin/tasks-app.ts';
/** The package's own; where it is built it lies beside the program. */
const FOLDER = fileURLToPath(
  new URL(import.meta.filename.endsWith('.ts') ? '../standalone/' : 'standalone/', import.meta.url),
);
const PACKAGES = ['aws-cdk', 'aws-cdk-lib', 'constructs', 'tsx', 'typescript', '@types/node'] as const;

/**
 * The folder for an app whose only stack holds the tasks: where such an app is already, else this one.
 * @throws PartyError `other-app`
 */
export function standaloneFolder(cwd: string): string {
  const app = nearestFolderWith('cdk.json', cwd);
  if (app === undefined) return cwd;
  const path = join(app, 'cdk.json');
  if (readText(path).includes(APP_FILE)) return app;
  throw new PartyError(
    'other-app',
    `${path} is that of another CDK app; nothing was written`,
    'leave out --standalone to have the tasks in one of its stacks, or work in a folder outside it',
  );
}

/** What an app needs that does nothing but run tasks. */
export function standaloneSteps(app: string): Step[] {
  return [
    fileStep(app, 'cdk.json', json(cdkJson(stackName(basename(app))))),
    fileStep(app, APP_FILE, readText(join(FOLDER, 'tasks-app.ts'))),
    fileStep(app, 'tsconfig.json', json(TSCONFIG)),
    packageSteps(app),
    ignoreStep(app, ['node_modules/', 'cdk.out/', '.after-party/']),
    readmeStep(app),
  ];
}

function cdkJson(stack: string): object {
  return {
    app: `npx tsx ${APP_FILE}`,
    context: { stack, tables: {}, variables: {}, operators: [] },
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ['bin', 'tasks', 'test'],
};

function packageSteps(app: string): Step {
  const path = join(app, 'package.json');
  if (existsSync(path)) return packageStep(readNpmProject(app), parts());
  const { scripts, devDependencies } = parts();
  const test = 'node --import tsx --test "test/**/*.test.ts"';
  const name = stackName(basename(app)).toLowerCase();
  const manifest = { name, private: true, type: 'module', scripts: { ...scripts, test }, devDependencies };
  return { path, says: ['created   package.json'], text: json(manifest) };
}

function parts(): PackageParts {
  const own = createRequire(import.meta.url)('after-party/package.json') as {
    readonly version: string;
    readonly devDependencies: Readonly<Record<(typeof PACKAGES)[number], string>>;
  };
  return {
    scripts: { tasks: 'after-party status', 'tasks:deploy': 'cdk deploy' },
    devDependencies: {
      'after-party': `^${own.version}`,
      ...Object.fromEntries(PACKAGES.map((name) => [name, own.devDependencies[name]])),
    },
  };
}

/** A name that CloudFormation takes. */
function stackName(folder: string): string {
  const words = folder.replace(/[^A-Za-z\d]+/g, '-').replace(/^[\d-]+|-$/g, '');
  return words === '' ? 'tasks' : `${words.slice(0, 100)}-tasks`;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What is left to do, and how the app is told of what is deployed with something else. */
export const STANDALONE_NEXT: readonly string[] = [
  'Next:',
  '',
  '    npm install',
  '    npx after-party generate task NAME',
  '    npx cdk bootstrap    once per account and region',
  '    npx cdk deploy       runs the tasks',
  '',
  'What is deployed with something else is handed in by name, in the context of cdk.json or as JSON with -c:',
  '',
  '    tables        {"USERS_TABLE": "users"}: tasks may read and write it, and find its name in that variable',
  '    variables     {"API_URL": "https://api.example.com"}',
  '    operators     ["deployer"]: roles that may run and correct tasks with the CLI',
  '    environment   production: a stack of its own, and the name that the tasks are given',
  '',
  '    npx cdk deploy -c environment=production -c tables="$(terraform output -json tables)"',
];
