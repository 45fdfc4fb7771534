import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, type AppProps, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { onTestFinished } from 'vitest';
import { AfterParty, type AfterPartyProps } from '../../lib/index.ts';

/** The text of a task module. */
export const TASK: string = taskModule('run() {}');

export function taskModule(options: string, imports = ''): string {
  return `import { defineTask } from 'after-party/task';\n${imports}\nexport default defineTask({ ${options} });\n`;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'after-party-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes files, by their paths below the folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A folder `tasks` with these files. */
export function tasksFolder(files: Readonly<Record<string, string>>): string {
  const folder = join(temporaryFolder(), 'tasks');
  mkdirSync(folder);
  return writeFiles(folder, files);
}

/** An app whose synth looks at the stacks without bundling the tasks. */
export function unbundledApp(props: AppProps = {}): App {
  return new App({
    analyticsReporting: false,
    ...props,
    context: { 'aws:cdk:bundling-stacks': [], ...props.context },
  });
}

export function shopStack(props: StackProps = {}): Stack {
  return new Stack(unbundledApp(), 'Shop', props);
}

/** A party with one task. */
export function addParty(scope: Stack, props: AfterPartyProps = {}, id = 'Tasks'): AfterParty {
  return new AfterParty(scope, id, { tasks: tasksFolder({ '1_first.ts': TASK }), ...props });
}

/** The template of a stack with one party. */
export function templateOf(props: AfterPartyProps = {}): Template {
  const stack = shopStack();
  addParty(stack, props);
  return Template.fromStack(stack);
}

interface TemplateResource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** The only resource of a type whose logical id begins so, with that id. */
export function resourceOf(
  template: Template,
  type: string,
  prefix = '',
): TemplateResource & { readonly id: string } {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  const [entry] = found;
  if (entry === undefined || found.length > 1) throw new Error(`${found.length} of ${type} ${prefix}…`);
  const [id, resource] = entry;
  return { ...(resource as TemplateResource), id };
}

/** The environment variables of a party's function. */
export function variablesOf(template: Template, prefix: string): Readonly<Record<string, unknown>> {
  const { Properties } = resourceOf(template, 'AWS::Lambda::Function', prefix);
  return (Properties.Environment as { Variables: Record<string, unknown> }).Variables;
}
