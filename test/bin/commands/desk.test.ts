import { describe, expect, it } from 'vitest';
import { versionsIn } from '../../../bin/commands/version-list.ts';
import type { HistoryLine } from '../../../functions/controller/party-history.ts';
import { commandLine } from '../command-line.ts';

function historyLine(fields: Partial<HistoryLine>): HistoryLine {
  return {
    ...{ at: '2026-11-20T09:16:12.000Z', version: '7', name: 'import_prices', attempt: 2, state: 'failed' },
    ...{ startedAt: '2026-11-20T09:16:00.000Z', durationMs: 12_000, runId: 'a'.repeat(32) },
    ...{ trigger: 'deploy', deployId: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678', by: null },
    ...{ error: 'Error: HTTP 503', reason: null },
    ...fields,
  };
}

describe('history', () => {
  const entries = [
    historyLine({
      ...{ state: 'skipped', at: '2026-11-20T10:00:00.000Z', startedAt: null, durationMs: null, runId: null },
      ...{
        trigger: null,
        deployId: null,
        by: 'arn:aws:sts::1:assumed-role/Dev/ann',
        error: null,
        reason: 'by hand',
      },
    }),
    historyLine({}),
    historyLine({
      ...{
        version: null,
        name: null,
        attempt: null,
        state: 'succeeded',
        trigger: 'run',
        deployId: null,
        by: 'ben',
      },
      ...{ error: null, reason: 'no pending tasks to run', durationMs: 200 },
    }),
  ];

  it('shows what was done, by whom, and why', async () => {
    const { stdout, stderr, requests } = await commandLine(['history'], {
      answers: { history: () => ({ entries, more: 3, damaged: ['the item is damaged'] }) },
    });

    expect(
      stdout,
    ).toBe(`  WHEN (UTC)        STATE      VERSION  TASK           ATTEMPT  TOOK  BY              NOTE
  2026-11-20 10:00  skipped    7        import_prices                 ann             "by hand"
  2026-11-20 09:16  failed     7        import_prices  #2       12s   deploy a1b2c3d  Error: HTTP 503
  2026-11-20 09:16  succeeded                                   0.2s  run by ben      no pending tasks to run
`);
    expect(stderr).toBe(`left out: the item is damaged
3 older left out; more of them: --limit 53
`);
    expect(requests).toMatchObject([{ request: 'history', limit: 50 }]);
    expect(requests[0]).not.toHaveProperty('names');
  });

  it('is of some tasks, as many entries as asked for, and one document', async () => {
    const { json, requests, stderr } = await commandLine(['history', '7', '--limit', '1', '--json'], {
      answers: { history: () => ({ entries: entries.slice(0, 1), more: 2, damaged: [] }) },
    });

    expect(requests).toMatchObject([{ names: ['7'], limit: 1 }]);
    expect(json).toMatchObject({ entries: [{ state: 'skipped' }], more: 2 });
    expect(stderr).toBe('');
  });

  it('says that there is none', async () => {
    const answers = { history: () => ({ entries: [], more: 0, damaged: [] }) };
    expect((await commandLine(['history'], { answers })).stdout).toBe('nothing was done yet\n');
  });

  it.each(['0', '-1', '1.5', 'many', '1001'])('refuses --limit %s', async (limit) => {
    const ended = await commandLine(['history', '--limit', limit]);
    expect(ended).toMatchObject({ code: 2, stdout: '', requests: [] });
  });
});

describe('a list of versions', () => {
  it.each([
    ['1\n2\n', ['1', '2']],
    ['\uFEFF1\r\n\r\n  2  \r\n', ['1', '2']],
    ['"1"\n\'002\'\n', ['1', '002']],
    ['1\n001\n1', ['1']],
    ['1\r2', ['1', '2']],
  ])('%j has %j', (text, versions) => {
    expect(versionsIn(text, 'stdin').map(Number)).toEqual(versions.map(Number));
  });

  it('names the lines that are no versions', () => {
    expect(() => versionsIn(' version \n------\n1\n(1 row)\n', 'stdin')).toThrow(
      'stdin has lines that are no versions: line 1: "version", line 2: "------", line 4: "(1 row)"',
    );
    expect(() => versionsIn('x\n'.repeat(7), 'list.txt')).toThrow(/^list\.txt .* and 2 more$/);
    expect(() => versionsIn('9'.repeat(39), 'stdin')).toThrow('line 1');
  });

  it.each(['', '\n \n', '\uFEFF'])('is refused where it is empty: %j', (text) => {
    expect(() => versionsIn(text, 'stdin')).toThrow('there are no versions in stdin');
  });

  it('has an end', () => {
    const lines = Array.from({ length: 10_001 }, (_, index) => index + 1).join('\n');
    expect(() => versionsIn(lines, 'stdin')).toThrow('10001 versions');
  });
});

describe('baseline', () => {
  const done = {
    tasks: [
      { version: '007', name: 'import_prices', state: 'baselined', was: 'pending' },
      { version: '8', name: 'import_users', state: 'baselined', was: 'failed' },
      { version: '77', name: '', state: 'baselined', was: 'pending' },
    ],
    left: [
      { version: '1', name: 'a', state: 'succeeded' },
      { version: '2', name: 'b', state: 'skipped' },
    ],
    pending: [{ version: '9', name: 'announce', state: 'pending' }],
  };

  it('says what it recorded, what it left, and what is still to run', async () => {
    const { stdout, stderr, requests } = await commandLine(
      ['baseline', '--until', '8', '--reason', 'from Heroku'],
      {
        answers: { baseline: () => done },
      },
    );

    expect(stdout).toBe(`007_import_prices is baselined
8_import_users is baselined, and was failed
77 is baselined, and there is no such task
`);
    expect(stderr).toBe('3 recorded, 2 left as they are (1 succeeded, 1 skipped)\nstill to run: announce\n');
    expect(requests).toMatchObject([
      { request: 'baseline', until: '8', reason: 'from Heroku', by: 'arn:aws:iam::123456789012:user/ann' },
    ]);
  });

  it('prints one document', async () => {
    const { json, stderr } = await commandLine(['baseline', '--until', '8', '--reason', 'x', '--json'], {
      answers: { baseline: () => done },
    });

    expect(json).toEqual(done);
    expect(stderr).toBe('');
  });

  it.each([
    [['--reason', 'x'], 'which tasks to baseline was not said'],
    [['--until', '8'], "'--reason <text>' not specified"],
    [['--until', '8', '--reason', ''], 'reason'],
    [['--until', '8', '--versions', '-', '--reason', 'x'], 'cannot be used with'],
    [['--until', 'x'.repeat(256), '--reason', 'x'], 'expected at most 255'],
    [['--until', '8', '--allow-unknown', '--reason', 'x'], 'cannot be used with'],
    [['--versions', 'no-such-file', '--reason', 'x'], 'cannot be read'],
    [['8', '--until', '8', '--reason', 'x'], 'too many arguments'],
  ])('refuses %j before a party is opened', async (flags, message) => {
    const ended = await commandLine(['baseline', ...flags], { parties: () => new Error('opened') });

    expect(ended).toMatchObject({ code: 2, stdout: '', requests: [] });
    expect(ended.stderr).toContain(message);
  });
});

it('run hands on the tags', async () => {
  const { requests } = await commandLine(['run', '--tag', 'billing', '--tag', 'users', '--detach'], {
    answers: { run: ({ runId }) => ({ runId, state: 'running', tasks: [], children: [], background: [] }) },
  });

  expect(requests).toMatchObject([{ request: 'run', tags: ['billing', 'users'] }]);
});
