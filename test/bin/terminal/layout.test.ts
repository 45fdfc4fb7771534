import { describe, expect, it } from 'vitest';
import { colours, wantsColour } from '../../../bin/terminal/colours.ts';
import { runningLine, runningLines } from '../../../bin/terminal/running-lines.ts';
import { table } from '../../../bin/terminal/table.ts';
import { columnsOf, cut, padded, wrapped } from '../../../bin/terminal/text-width.ts';
import { NOW, splitStatus, taskStatus } from '../command-line.ts';

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['한국어', 6],
    ['Ａ', 2],
    ['👍🏽', 2],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['e\u0301', 1],
    ['▇▁◐✔…', 5],
    ['\u001b[31mred\u001b[39m', 3],
  ])('of %s is %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('is what a text is cut and padded to, and no letter is cut in two', () => {
    expect(cut('日本語', 6)).toBe('日本語');
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('👨‍👩‍👧 family', 3)).toBe('👨‍👩‍👧…');
    expect(cut('ne\u0301e', 2)).toBe('n…');
    expect(cut('abc', 1)).toBe('…');
    expect(cut('abc', 0)).toBe('');
    expect(padded('日本', 6)).toBe('日本  ');
  });
});

describe('a text that is wrapped', () => {
  it('is broken between words, and not where spaces align it', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('one two three', 7, '  ')).toEqual(['one two', '  three']);
    expect(wrapped('  ✖ task    0.1s  日本 failed', 22, '    ')).toEqual([
      '  ✖ task    0.1s  日本',
      '    failed',
    ]);
    expect(wrapped('a longest_word b', 4)).toEqual(['a', 'longest_word', 'b']);
    expect(wrapped('all on one line', Number.POSITIVE_INFINITY)).toEqual(['all on one line']);
    expect(wrapped('', 10)).toEqual(['']);
  });

  it('has colours that take no columns', () => {
    const red = '\u001b[31mred\u001b[39m';
    expect(wrapped(`${red} and ${red}`, 11)).toEqual([`${red} and ${red}`]);
  });
});

describe('a table', () => {
  const HEADS = ['STATE', 'VERSION', 'TASK', 'NOTE'];
  const row = (...texts: string[]) => texts.map((text) => ({ text }));
  const rows = [
    row('succeeded', '20260105093000', 'strip_invalid_characters', '37 of 1,204,113 titles'),
    row('failed', '20260126080000', 'restart_search', 'attempt 2: HTTP 503'),
    row('pending', '7', '–', ''),
  ];

  it('cuts its last column to the width of the terminal', () => {
    expect(table(HEADS, rows, 76)).toEqual([
      '  STATE      VERSION         TASK                      NOTE',
      '  succeeded  20260105093000  strip_invalid_characters  37 of 1,204,113 titl…',
      '  failed     20260126080000  restart_search            attempt 2: HTTP 503',
      '  pending    7               –',
    ]);
  });

  it('gives each row several lines where 40 columns are too few, and loses nothing', () => {
    const lines = table(HEADS, rows, 40);

    expect(lines).toEqual([
      '  succeeded  20260105093000',
      '    strip_invalid_characters',
      '    37 of 1,204,113 titles',
      '  failed  20260126080000  restart_search',
      '    attempt 2: HTTP 503',
      '  pending  7',
    ]);
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(40);
  });

  it('counts columns, not characters', () => {
    const wide = [
      row('failed', '顧客', 'nobody is at home'),
      row('failed', '👨‍👩‍👧 x', '居ない人が居ない人'),
    ];
    expect(table(['', '', ''], wide, 32)).toEqual([
      '  failed  顧客  nobody is at ho…',
      '  failed  👨‍👩‍👧 x  居ない人が居な…',
    ]);
  });

  it('paints a cell as wide as it is', () => {
    const paint = (text: string) => `<${text}>`;
    expect(table(['', ''], [[{ text: '日', paint }, { text: 'x' }], row('long', 'y')], 40)).toEqual([
      '  <日  >  x',
      '  long  y',
    ]);
  });
});

describe('a task that runs', () => {
  const progress = { done: 5_160, total: 12_000, itemsPerSecond: 31.7, msLeft: 215_000 };
  const split = splitStatus({ of: 'shards', count: 64, succeeded: 7, running: 8, left: 49 });
  const task = taskStatus({
    ...{ state: 'running', version: '20260216090000', name: 'backfill_full_name' },
    ...{ lastRun: 'r', startedAt: new Date(NOW - 65_000).toISOString(), progress, split },
  });

  it.each([
    [200, '20260216090000_backfill_full_name  ▇▇▇▇▁▁▁▁▁▁ 43 % · 7/64 shards · 31.7 a second · 3m 35s left'],
    [90, '20260216090000_backfill_full_name  ▇▇▇▇▁▁▁▁▁▁ 43 % · 7/64 shards · 3m 35s left'],
    [70, 'backfill_full_name  ▇▇▇▇▁▁▁▁▁▁ 43 % · 7/64 shards · 3m 35s left'],
    [57, 'backfill_full_name  43 % · 7/64 shards · 3m 35s left'],
    [40, 'backfill_full_name  43 % · 7/64 shards'],
    [30, 'backfill_…  43 % · 7/64 shards'],
  ])('is said in %i columns', (columns, line) => {
    expect(runningLine(task, columns, NOW)).toBe(line);
    expect(columnsOf(line)).toBeLessThanOrEqual(columns);
  });

  it('is said by its time where it does not say how far it is', () => {
    const quiet = taskStatus({ ...task, progress: null, split: null });
    expect(runningLine(quiet, 80, NOW)).toBe('20260216090000_backfill_full_name  1m 05s');
  });

  it('stands above the run that it is of, where that has others', () => {
    const done = taskStatus({ state: 'succeeded', lastRun: 'r' });
    const seen = { colours: colours(false), now: NOW };
    const lines = (tasks: (typeof task)[]) => runningLines({ runId: 'r', tasks }, 60, seen);

    expect(lines([task])).toEqual(['◐ backfill_full_name  43 % · 7/64 shards · 3m 35s left']);
    expect(lines([done, task, taskStatus({})])[1]).toBe('  ▇▇▇▁▁▁▁▁▁▁ 1 of 3 tasks');
  });
});

describe('colour', () => {
  const tty = { flag: true, env: {}, isTty: true };
  it.each([
    [tty, true],
    [{ ...tty, isTty: false }, false],
    [{ ...tty, flag: false }, false],
    [{ ...tty, env: { NO_COLOR: '1' } }, false],
    [{ ...tty, env: { NO_COLOR: '' } }, true],
    [{ ...tty, env: { TERM: 'dumb' } }, false],
    [{ ...tty, isTty: false, env: { FORCE_COLOR: '1' } }, true],
    [{ ...tty, isTty: false, env: { FORCE_COLOR: '' } }, false],
    [{ ...tty, env: { FORCE_COLOR: '0' } }, false],
    [{ ...tty, env: { FORCE_COLOR: 'false' } }, false],
    [{ ...tty, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
    [{ ...tty, flag: false, env: { FORCE_COLOR: '1' } }, false],
    [{ ...tty, env: { TERM: 'dumb', FORCE_COLOR: '1' } }, true],
  ])('%j: %s', (options, wanted) => {
    expect(wantsColour(options)).toBe(wanted);
  });
});
