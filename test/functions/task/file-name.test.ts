import { describe, expect, it } from 'vitest';
import { humaniseName, parseTaskFileName } from '../../../functions/task/file-name.ts';

describe('parseTaskFileName', () => {
  it.each([
    ['20260105093000_strip_titles.ts', '20260105093000', 'strip_titles'],
    ['2026/007_bond.mts', '007', 'bond'],
    ['mail\\1_tell-support.js', '1', 'tell-support'],
    [`${'9'.repeat(38)}_a.cjs`, '9'.repeat(38), 'a'],
    ['1_Mail2.tsx', '1', 'Mail2'],
  ])('reads %s', (path, version, name) => {
    expect(parseTaskFileName(path)).toEqual({ kind: 'task', version, name });
  });

  it.each([
    ...['_shared.ts', '_lib/sql.ts', '__tests__/1_a.ts', '1_a.test.ts', '1_a.spec.mts', 'say_hello.test.js'],
    ...[
      '1_a.d.ts',
      'globals.d.mts',
      'README.md',
      '.env.local',
      'prices.csv',
      'node_modules/x/index.js',
      '1_a.json',
    ],
  ])('leaves %s aside', (path) => {
    expect(parseTaskFileName(path)).toEqual({ kind: 'no-task' });
  });

  it.each([
    [
      'mail/say_hello.ts',
      'mail/say_hello.ts has no version: rename it to <version>_say_hello.ts, such as 20260105093000_say_hello.ts, or to _say_hello.ts if it is no task',
    ],
    ['20260105.ts', '20260105.ts has no version: rename it to <version>_name.ts'],
    ['2026-01-05_hello.ts', 'has no version: rename it to <version>_hello.ts'],
    [`${'9'.repeat(39)}_a.ts`, 'has a version of 39 digits: rename it with at most 38'],
    ['1_.ts', 'has the name "": rename it to 1_<name>.ts'],
    ['1_2.ts', 'has the name "2": rename it'],
    ['1_say hello.ts', 'has the name "say hello"'],
    ['1_grüße.js', 'has the name "grüße": rename it to 1_<name>.js'],
    ['1_say.hello.ts', 'has the name "say.hello"'],
  ])('refuses %s and names the rename', (path, reason) => {
    expect(parseTaskFileName(path)).toEqual({ kind: 'misnamed', reason: expect.stringContaining(reason) });
  });
});

describe('humaniseName', () => {
  it.each([
    ['backfill_full_name', 'Backfill full name'],
    ['notify-issue_111', 'Notify issue 111'],
    ['x', 'X'],
  ])('makes words of %s', (name, words) => {
    expect(humaniseName(name)).toBe(words);
  });
});
