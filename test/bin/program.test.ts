import { expect, it } from 'vitest';
import { commandLine } from './command-line.ts';

it.each([
  ['a misspelt command', ['statsu'], 'Did you mean status?'],
  ['a misspelt option', ['status', '--stak', 'x'], 'Did you mean --stack?'],
  ['an option of another command', ['status', '--yes'], "unknown option '--yes'"],
  ['help of a command that there is not', ['help', 'statsu'], 'Did you mean status?'],
  ['a superfluous word', ['pause', 'one', 'more'], 'too many arguments'],
  ['a missing word', ['show'], "missing required argument 'tasks'"],
  ['a command that has only begun', ['generate', 'tusk'], "unknown command 'tusk'"],
  ['flags that exclude each other', ['status', '--local', '--profile', 'x'], "'--local' cannot be used with"],
])('ends with 2 for %s, and says so for people and programs', async (_, argv, words) => {
  const people = await commandLine(argv);
  const programs = await commandLine([...argv, '--json']);

  expect(people).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
  expect(programs).toMatchObject({ code: 2, stderr: '' });
  expect(programs.json.error).toMatchObject({ code: 'usage' });
});

it.each([
  [['plan', '--bogus'], 'npx after-party plan --help'],
  [['generate', 'task', 'a', 'b'], 'npx after-party generate task --help'],
  [['help', 'qqqqqq'], 'npx after-party --help'],
  [['qqqqqq'], 'npx after-party --help'],
])('names for %j the help that helps', async (argv, help) => {
  expect((await commandLine(argv)).stderr).toContain(`\n      \`${help}\` shows how it is used\n`);
});

it('shows how it is used, on stdout when asked', async () => {
  const asked = await commandLine(['--help']);
  const bare = await commandLine([]);
  const version = await commandLine(['--version']);

  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(asked.stdout).toMatch(/Usage: after-party[\s\S]*mark-done[\s\S]*Exit codes: 0/);
  expect(bare).toMatchObject({ code: 2, stdout: '', stderr: asked.stdout });
  expect(version).toMatchObject({ code: 0, stdout: '1.2.3\n' });
});

it('tells a mistake of its own from one of the caller', async () => {
  const { code, json } = await commandLine(['status', '--json'], {
    answers: {
      status: () => {
        throw new RangeError('out of luck');
      },
    },
  });

  expect(code).toBe(2);
  expect(json.error).toMatchObject({ code: 'unexpected', message: 'out of luck' });
});
