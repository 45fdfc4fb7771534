import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLinePage } from './command-line.ts';
import { type Member, membersOf } from './doc-comments.ts';

const root: string = join(import.meta.dirname, '..', '..');

/** What is written on each page, which is made of the sources alone. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/construct.md', constructPage()],
    ['docs/reference/tasks.md', tasksPage()],
    ['docs/reference/command-line.md', commandLinePage()],
  ]);
}

function constructPage(): string {
  return page('The construct', 'its props, what it has, and how the tasks are bundled', [
    section('Props', 'lib/after-party-props.ts', ['AfterPartyProps']),
    section('Members', 'lib/after-party.ts', ['AfterParty']),
    section('`bundling`', 'lib/task-bundle.ts', ['TaskBundling']),
  ]);
}

const OPTIONS = [
  ...['CommonOptions', 'RunOptions', 'ItemsOptions', 'ProcessOptions', 'ProcessBatchOptions'],
  ...['SplitOptions', 'ShardsOptions', 'ForEachOptions'],
];
const CONTEXT = ['TaskContext', 'RunContext', 'KeyContext', 'ShardContext'];

function tasksPage(): string {
  return page('Tasks', 'what `defineTask` takes, what a task is given, the sources, and `runTask`', [
    section('Options', 'functions/task/task-options.ts', OPTIONS),
    section('Context', 'functions/task/context.ts', CONTEXT),
    section('`deploy` of the context', 'functions/task/context.ts', ['DeployInfo']),
    section('`csv`', 'functions/sources/csv.ts', ['CsvOptions']),
    section('`jsonLines`', 'functions/sources/json-lines.ts', ['JsonLinesOptions']),
    section('`from` of both, for an object in S3', 'functions/sources/s3-file.ts', ['S3Location']),
    section('`dynamoScan` and `dynamoQuery`', 'functions/sources/dynamo-scan.ts', ['DynamoScanOptions']),
    section('`s3Objects`', 'functions/sources/s3-objects.ts', ['S3ObjectsOptions']),
    section('An item of `s3Objects`, besides its location', 'functions/sources/s3-objects.ts', ['S3Object']),
    section('`keyset`', 'functions/sources/keyset.ts', ['KeysetOptions']),
    section('`runTask` takes', 'functions/testing/run-task.ts', ['RunTaskOptions']),
    section('`runTask` answers', 'functions/testing/run-task.ts', ['TaskRun']),
  ]);
}

function page(title: string, about: string, sections: readonly string[]): string {
  return `# Reference: ${title}\n\nMade of the doc comments in the sources: ${about}.\n\n${sections.join('\n')}`;
}

function section(title: string, file: string, types: readonly string[]): string {
  const source = readFileSync(join(root, file), 'utf8');
  const entries = types.flatMap((type) => membersOf(source, type)).map(entry);
  return `## ${title}\n\n${entries.join('')}`;
}

function entry(member: Member): string {
  const lines = [
    `- \`${member.declaration}\``,
    ...(member.text === '' ? [] : [`  ${member.text}`]),
    ...member.tags.map((tag) => `  ${tag.replace(/^(\w+)/, (word) => WORDS[word] ?? word)}`),
    ...(member.default === undefined ? [] : [`  Default: ${defaultText(member.default)}.`]),
  ];
  return `${lines.join('\\\n')}\n`;
}

const WORDS: Readonly<Record<string, string>> = { throws: 'Throws', returns: 'Returns', param: 'Param' };

/** A value stands for itself; after a dash comes what happens. */
function defaultText(text: string): string {
  return text.startsWith('- ') ? text.slice(2) : `\`${text}\``;
}
