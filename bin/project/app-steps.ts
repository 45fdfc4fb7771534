import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FileText } from './new-files.ts';
import { type NpmProject, readText } from './npm-package.ts';
import { tasksReadme } from './tasks-readme.ts';

/** What becomes of one file: its new text, or why it stays as it is. */
export interface Step {
  readonly path: string;
  readonly says: readonly string[];
  readonly text?: string;
}

/** What a `package.json` should have. */
export interface PackageParts {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function isChange(step: Step): step is Step & FileText {
  return step.text !== undefined;
}

/** A new file, unless there is one. */
export function fileStep(folder: string, file: string, text: string): Step {
  const path = join(folder, file);
  return existsSync(path)
    ? { path, says: [`there     ${file}`] }
    : { path, says: [`created   ${file}`], text };
}

export function readmeStep(app: string): Step {
  return fileStep(app, 'tasks/README.md', tasksReadme);
}

/** Adds what is missing; what is there stays as the author has it. */
export function packageStep({ path, text, manifest }: NpmProject, wanted: PackageParts): Step {
  const { scripts = {}, dependencies = {}, devDependencies = {} } = manifest;
  const missingScripts = missingIn(scripts, wanted.scripts);
  const missingPackages = missingIn({ ...dependencies, ...devDependencies }, wanted.devDependencies);
  const says = [
    ...Object.entries(wanted.scripts).map(([name, script]) => scriptText(name, script, scripts[name])),
    ...Object.keys(missingPackages).map((name) => `added     ${name} to devDependencies`),
  ];
  if (Object.keys({ ...missingScripts, ...missingPackages }).length === 0) return { path, says };
  const changed = {
    ...manifest,
    ...(hasAny(missingScripts) && { scripts: { ...scripts, ...missingScripts } }),
    ...(hasAny(missingPackages) && { devDependencies: { ...devDependencies, ...missingPackages } }),
  };
  const indent = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
  return { path, says, text: `${JSON.stringify(changed, null, indent)}${text.endsWith('\n') ? '\n' : ''}` };
}

function missingIn(there: object, wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in there)));
}

function hasAny(values: object): boolean {
  return Object.keys(values).length > 0;
}

function scriptText(name: string, wanted: string, there: unknown): string {
  if (there === undefined) return `added     script "${name}": "${wanted}"`;
  if (there === wanted) return `there     script "${name}": "${wanted}"`;
  return `left      script "${name}", which does something else: ${JSON.stringify(there)}`;
}

/** Has git leave folders alone. */
export function ignoreStep(app: string, folders: readonly string[]): Step {
  const path = join(app, '.gitignore');
  const text = existsSync(path) ? readText(path) : '';
  const lines = text.split('\n').map((line) => line.trim().replace(/^\/|\/$/g, ''));
  const isThere = (folder: string) => lines.includes(folder.replace(/\/$/, ''));
  const says = folders.map((folder) =>
    isThere(folder) ? `there     ${folder} in .gitignore` : `added     ${folder} to .gitignore`,
  );
  const missing = folders.filter((folder) => !isThere(folder));
  if (missing.length === 0) return { path, says };
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return { path, says, text: `${text}${end}${missing.join('\n')}\n` };
}
