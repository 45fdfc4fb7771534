import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PartyError } from '../../functions/errors.ts';
import { nearestWord } from '../../functions/task/nearest-word.ts';
import type { TemplateText } from './fill-in.ts';
import { readText } from './npm-package.ts';

export const DEFAULT_TEMPLATE = 'run';
const BUILT_IN = [DEFAULT_TEMPLATE, 'dynamo', 'csv', 'sql', 'http', 'slack', 'email', 'fan-out'];
/** A rollback would make a mail untrue. */
const STARTS_AFTER_COMMIT = ['email'];

/** The package's own; where it is built they lie beside the program. */
const FOLDER = fileURLToPath(
  new URL(import.meta.filename.endsWith('.ts') ? '../templates/' : 'templates/', import.meta.url),
);

/** Modules from which tasks are written, and tests for them. */
export interface Template {
  readonly name: string;
  readonly module: TemplateText;
  /** Imports the module as `./<name>`. */
  readonly test: TemplateText | undefined;
  /** Whether the app has it in `tasks/.templates`. */
  readonly isCustom: boolean;
  readonly background: boolean;
}

/**
 * A template by its name: the app's own, `<tasks>/.templates/<name>.ts`, comes before one of the package.
 * @throws PartyError `unknown-template`
 */
export function readTemplate(name: string, tasksFolder: string): Template {
  const customFolder = join(tasksFolder, '.templates');
  const custom = customNames(customFolder);
  const isCustom = custom.includes(name);
  if (!isCustom && !BUILT_IN.includes(name)) throw unknownTemplate(name, custom);
  const folder = isCustom ? customFolder : FOLDER;
  const shown = isCustom ? 'tasks/.templates' : "after-party's templates";
  const read = (file: string): TemplateText => ({
    text: readText(join(folder, file)),
    shownAs: `${shown}/${file}`,
  });
  const test = `${name}.test.ts`;
  return {
    name,
    module: read(`${name}.ts`),
    test: existsSync(join(folder, test)) ? read(test) : undefined,
    isCustom,
    background: !isCustom && STARTS_AFTER_COMMIT.includes(name),
  };
}

/**
 * The names of all templates, those of the package first.
 * @param app undefined outside an app, which has none of its own
 */
export function templateNames(app: string | undefined): string[] {
  const custom = app === undefined ? [] : customNames(join(app, 'tasks/.templates'));
  return [...new Set([...BUILT_IN, ...custom])];
}

function customNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => {
    const [, name] = /^([\w-]+)\.ts$/.exec(file) ?? [];
    return name === undefined ? [] : [name];
  });
}

function unknownTemplate(name: string, custom: readonly string[]): PartyError {
  const names = [...new Set([...BUILT_IN, ...custom])];
  const nearest = nearestWord(name, names);
  const guess = nearest === undefined ? '' : `did you mean ${nearest}? `;
  return new PartyError(
    'unknown-template',
    `there is no template ${JSON.stringify(name)}`,
    `${guess}there are ${names.join(', ')}; the file tasks/.templates/NAME.ts adds one`,
  );
}
