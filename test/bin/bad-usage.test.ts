import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Argument, Command, type Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareCommands } from '../../bin/commands.ts';
import { COMPLETE } from '../../bin/declarations/completing.ts';
import { collect } from '../../bin/declarations/options.ts';
import { leaves } from '../../bin/declarations/slips.ts';
import { runBuilt } from './built-program.ts';
import { commandLine } from './command-line.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-usage-'));
});
afterAll(() => rm(folder, { recursive: true }));

const BUILT_KINDS = 4;

/** What is declared, whatever it is: a new command is tested without a word here. */
const program = new Command('after-party');
declareCommands(program, {} as never, () => undefined);
const commands = leaves(program).filter((command) => command.name() !== COMPLETE);

interface Mistake {
  readonly what: string;
  readonly argv: readonly string[];
  readonly says: RegExp;
}

function pathOf(command: Command): string[] {
  return command.parent === null || command.parent === program
    ? [command.name()]
    : [...pathOf(command.parent), command.name()];
}

function wordFor({ argChoices, name }: Argument): string {
  return argChoices?.[0] ?? (/per-second/.test(name()) ? '5' : 'some_name');
}
const valueFor = ({ argChoices, parseArg }: Option): string =>
  argChoices?.[0] ?? (parseArg !== undefined && parseArg !== collect ? '5' : 'x');

/** Every way to misuse a command that its declaration tells. */
function mistakes(command: Command): Mistake[] {
  const path = pathOf(command);
  const args = command.registeredArguments.map((argument) =>
    wordFor({ ...argument, name: () => argument.name() } as Argument),
  );
  const mandatory = command.options.filter((option) => option.mandatory);
  const needed = mandatory.flatMap((option) => [option.long ?? '', valueFor(option)]);
  const right = [...path, ...args, ...needed];
  const valued = command.options.filter((option) => option.required);
  const rest = (option: Option) => [
    ...path,
    ...args,
    ...mandatory.filter((one) => one !== option).flatMap((one) => [one.long ?? '', valueFor(one)]),
  ];
  const all: Mistake[] = [
    {
      what: 'a flag that there is not',
      argv: [...right, '--bogus-flag'],
      says: /unknown option '--bogus-flag'/,
    },
  ];
  for (const option of command.options.filter(({ long }) => (long ?? '').length > 5)) {
    const misspelt = `${option.long?.slice(0, -2)}${option.long?.at(-1)}${option.long?.at(-2)}`;
    if (command.options.some(({ long }) => long === misspelt) || misspelt === option.long) continue;
    all.push({ what: `${option.long} misspelt`, argv: [...right, misspelt], says: /Did you mean .*--/ });
  }
  for (const option of valued) {
    const flag = option.long ?? '';
    const value = valueFor(option);
    all.push({ what: `${flag} without a value`, argv: [...rest(option), flag], says: /argument missing/ });
    all.push({
      what: `${flag} before a flag`,
      argv: [...rest(option), flag, command.options.find((one) => one !== option)?.long ?? '--help'],
      says: /argument missing|is invalid/,
    });
    // A task may have a key that is empty.
    if (flag !== '--key')
      all.push({ what: `${flag} empty`, argv: [...rest(option), flag, ''], says: /is empty|is invalid/ });
    if (option.parseArg === collect) continue;
    all.push({
      what: `${flag} twice`,
      argv: [...rest(option), flag, value, flag, value],
      says: /was given twice/,
    });
  }
  for (const option of mandatory)
    all.push({ what: `no ${option.long}`, argv: rest(option), says: /required option .* not specified/ });
  for (const option of command.options) {
    for (const other of (option as unknown as { conflictsWith: string[] }).conflictsWith) {
      const against = command.options.find((one) => one.attributeName() === other);
      if (against === undefined) continue;
      const given = (one: Option) => [one.long ?? '', ...(one.required ? [valueFor(one)] : [])];
      all.push({
        what: `${option.long} with ${against.long}`,
        argv: [...right, ...given(option), ...given(against)],
        says: /cannot be used with option/,
      });
    }
  }
  const required = command.registeredArguments.filter((argument) => argument.required);
  if (required.length > 0)
    all.push({
      what: 'a word too few',
      argv: [...path, ...args.slice(0, -1), ...needed],
      says: /missing required argument/,
    });
  if (args.length > 0) {
    all.push({
      what: 'an empty word',
      argv: [...path, ...args.slice(0, -1), '', ...needed],
      says: /is empty|is invalid/,
    });
    all.push({
      what: 'a huge word',
      argv: [...path, ...args.slice(0, -1), 'x'.repeat(10_000), ...needed],
      says: /10,000 characters long: expected at most 255|is invalid/,
    });
  }
  if (command.registeredArguments.at(-1)?.variadic !== true)
    all.push({
      what: 'a word too many',
      argv: [...path, ...args, 'more', ...needed],
      says: /too many arguments/,
    });
  if (command.options.some(({ long }) => long === '--local')) {
    all.push({
      what: '--reset without --local',
      argv: [...right, '--reset'],
      says: /--reset is for --local/,
    });
    all.push({
      what: '--with-aws without --local',
      argv: [...right, '--with-aws'],
      says: /--with-aws is for --local/,
    });
  }
  return all;
}

describe.each(commands.map((command) => [pathOf(command).join(' '), command] as const))(
  '%s',
  (_, command) => {
    const all = mistakes(command);

    it.each(all.map((mistake) => [mistake.what, mistake] as const))(
      'refuses %s',
      async (_what, { argv, says }) => {
        const { code, stdout, stderr } = await commandLine(argv, { cwd: folder });
        expect(code).toBe(2);
        expect(stdout + stderr).toMatch(says);
        if (argv.includes('--json')) return;
        expect(stdout).toBe('');
        expect(stderr).toMatch(/^error .+\n {6}\S/s);
      },
    );

    it('ends with 2, built, and says so in one document for programs', async () => {
      const kinds = [...new Map(all.map((mistake) => [mistake.what.replace(/--\S+/g, '--x'), mistake]))];
      // Each command some kinds, all commands together each kind many times: a process takes its time.
      const from = commands.indexOf(command) * BUILT_KINDS;
      const chosen = Array.from({ length: BUILT_KINDS }, (_, index) => kinds[(from + index) % kinds.length]);
      await Promise.all(
        chosen.map(async (one) => {
          const [kind, { argv, says }] = one ?? ['', { argv: [], says: /./ }];
          // A flag that lacks its value would take this one.
          const takesJson = command.options.some(({ long }) => long === '--json');
          const json = takesJson && !/without a value|before a flag/.test(kind) ? ['--json'] : [];
          const ended = await runBuilt([...argv, ...json], { cwd: folder });

          const seen = `${argv.join(' ')}: ${JSON.stringify(ended)}`;
          expect(ended.code, seen).toBe(2);
          expect(ended.stdout + ended.stderr, seen).toMatch(says);
          if (json.length === 0) return;
          expect(ended.stderr, seen).toBe('');
          expect(JSON.parse(ended.stdout), seen).toMatchObject({ error: { code: 'usage' } });
        }),
      );
    });
  },
);
