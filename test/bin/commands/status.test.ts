import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { commandLine, partyStatus, refusal, taskStatus } from '../command-line.ts';

const STATUS = ['status', '--stack', 'Shop-prod'];

let app: string | undefined;
afterEach(async () => {
  if (app !== undefined) await rm(app, { recursive: true });
  app = undefined;
});

const production = partyStatus({
  deployId: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
  deployedAt: '2026-11-20T09:15:30.000Z',
  tasks: [
    taskStatus({
      version: '20251201090000',
      name: 'first_admin',
      state: 'baselined',
      finishedAt: '2026-01-02T10:00:00.000Z',
      notes: ['new-environment', 'no-file'],
    }),
    taskStatus({
      version: '20260105093000',
      name: 'strip_invalid_characters',
      state: 'succeeded',
      attempt: 1,
      startedAt: '2026-01-05T10:12:00.000Z',
      durationMs: 184_000,
      result: '37 of 1,204,113 titles',
      notes: ['changed'],
    }),
    taskStatus({
      version: '20260112101500',
      name: 'import_price_list',
      state: 'skipped',
      finishedAt: '2026-01-12T11:00:00.000Z',
      reason: 'done by hand',
    }),
    taskStatus({
      state: 'failed',
      attempt: 2,
      startedAt: '2026-11-20T09:16:00.000Z',
      durationMs: 12_000,
      error: { name: 'Error', message: 'HTTP 503\nfrom search' },
    }),
    taskStatus({
      version: '20260209150000',
      name: 'notify_issue_111',
      state: 'in-doubt',
      attempt: 1,
      startedAt: '2026-11-20T09:14:00.000Z',
      error: { name: 'Error', message: 'crashed (out of memory); was it sent?' },
    }),
    taskStatus({
      version: '20260216090000',
      name: 'backfill_full_name',
      state: 'running',
      attempt: 1,
      startedAt: '2026-11-20T09:15:56.000Z',
    }),
    taskStatus({ version: '20260223090000', name: 'seed_default_roles', notes: ['behind:restart_search'] }),
    taskStatus({ version: '20260302090000', name: 'recalculate_invoices', state: 'manual', when: 'manual' }),
    taskStatus({
      version: '20260309090000',
      name: 'announce_release',
      state: 'every-deploy',
      when: 'every-deploy',
      attempt: 7,
      startedAt: '2026-11-19T16:40:00.000Z',
      durationMs: 180,
    }),
  ],
});

it.each([
  ['2026-11-20T09:14:58.714Z', 'UTC'],
  ['v1.2.3', 'UTC (v1.2.3)'],
])('names a deploy by its id, unless that is a time: %s', async (deployId, end) => {
  const { stdout } = await commandLine(STATUS, { answers: { status: () => ({ ...production, deployId }) } });

  expect(stdout).toContain(`deployed 2026-11-20 09:15 ${end}\n`);
});

it('shows every task, what became of it, and what needs a person', async () => {
  const { code, stdout, stderr } = await commandLine(STATUS, { answers: { status: () => production } });

  expect(
    stdout,
  ).toBe(`production · Shop-prod/Tasks · 123456789012 eu-west-1 · deployed 2026-11-20 09:15 UTC (a1b2c3d)

  STATE         VERSION         TASK                      LAST RUN (UTC)    TOOK    NOTE
  baselined     20251201090000  first_admin               2026-01-02 10:00  –       new environment · no file
  succeeded     20260105093000  strip_invalid_characters  2026-01-05 10:12  3m 04s  37 of 1,204,113 titles · changed
  skipped       20260112101500  import_price_list         2026-01-12 11:00  –       "done by hand"
  failed        20260126080000  restart_search            2026-11-20 09:16  12s     attempt 2: HTTP 503 from search
  in-doubt      20260209150000  notify_issue_111          2026-11-20 09:14  –       crashed (out of memory); was it sent?
  running       20260216090000  backfill_full_name        2026-11-20 09:15  4m 04s
  pending       20260223090000  seed_default_roles        –                 –       behind restart_search
  manual        20260302090000  recalculate_invoices      never             –
  every-deploy  20260309090000  announce_release          2026-11-19 16:40  0.2s

needs you  restart_search    npx after-party show restart_search --stack Shop-prod
           notify_issue_111  npx after-party mark-done notify_issue_111 --reason … --stack Shop-prod | reset notify_issue_111 --reason … --stack Shop-prod
`);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

it('prints what the controller said as one JSON document', async () => {
  const { json } = await commandLine([...STATUS, '--json'], { answers: { status: () => production } });

  expect(json).toEqual(production);
});

it('asks on where the answer was cut, and shows it all', async () => {
  const pages: Record<string, ReturnType<typeof partyStatus>> = {
    undefined: partyStatus({
      tasks: [taskStatus({ version: '1' }), taskStatus({ version: '2' })],
      next: '2',
    }),
    2: partyStatus({ tasks: [taskStatus({ version: '3' })], next: '3' }),
    3: partyStatus({ tasks: [taskStatus({ version: '4' })] }),
  };

  const { json } = await commandLine([...STATUS, '--json'], {
    answers: { status: (request) => pages[String(request.after)] },
  });

  expect(json.tasks.map((task: { version: string }) => task.version)).toEqual(['1', '2', '3', '4']);
  expect(json).not.toHaveProperty('next');
});

it('names the tasks of the app on this machine that are not deployed', async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-status-'));
  await mkdir(join(app, 'tasks/later'), { recursive: true });
  await mkdir(join(app, 'lib'));
  for (const file of [
    'cdk.json',
    'tasks/0007_known.ts',
    'tasks/later/8_new.ts',
    'tasks/_shared.ts',
    'tasks/8_new.test.ts',
  ]) {
    await writeFile(join(app, file), '');
  }

  const { stdout } = await commandLine(STATUS, {
    cwd: join(app, 'lib'),
    answers: { status: () => partyStatus({ tasks: [taskStatus({ version: '7', name: 'known' })] }) },
  });

  expect(stdout.split('\n').filter((line) => line.includes('not deployed yet'))).toEqual([
    `${production.environment} · Shop-prod/Tasks · 123456789012 eu-west-1 · not deployed yet`,
    'local      8_new is not deployed yet',
  ]);
});

it('says that there are no tasks', async () => {
  const { stdout } = await commandLine(STATUS, { answers: { status: () => partyStatus({}) } });

  expect(stdout).toContain('\n\nno tasks\n');
});

it('lets nothing that a task wrote steer the terminal', async () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2Jred\u001b[31m\u009b5mline\r\nnext\u202egnp.exe';
  const answers = {
    status: () =>
      partyStatus({
        environment: hostile,
        tasks: [
          taskStatus({ name: hostile, state: 'succeeded', result: { [hostile]: hostile } }),
          taskStatus({ state: 'failed', error: { name: hostile, message: hostile } }),
        ],
      }),
  };

  const shown = await commandLine(STATUS, { answers, keys: [], columns: 1000, env: { NO_COLOR: '1' } });
  const json = await commandLine([...STATUS, '--json'], { answers });

  expect(shown.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  expect(shown.stdout).toContain('redline');
  expect(json.stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  expect(json.json.tasks[1].error.message).toBe(hostile);
});

it('paints for a terminal only, and cuts notes to its width', async () => {
  const answers = { status: () => production };
  const painted = await commandLine(STATUS, { answers, keys: [], columns: 110 });
  const flagged = await commandLine([...STATUS, '--no-color'], { answers, keys: [], columns: 110 });
  const variable = await commandLine(STATUS, { answers, keys: [], columns: 110, env: { NO_COLOR: '1' } });
  const dumb = await commandLine(STATUS, { answers, keys: [], columns: 110, env: { TERM: 'dumb' } });

  expect(painted.stdout).toContain('\u001b[31mfailed      \u001b[39m');
  for (const { stdout } of [flagged, variable, dumb]) expect(stdout).not.toContain('\u001b');
  expect(flagged.stdout).toContain('crashed (out of memory); …\n');
});

it('passes on what the controller refuses', async () => {
  const answers = { status: () => refusal('damaged-record', 'the item is damaged', 'mend it') };

  const people = await commandLine(STATUS, { answers });
  const programs = await commandLine([...STATUS, '--json'], { answers });

  expect(people).toMatchObject({ code: 2, stdout: '', stderr: 'error the item is damaged\n      mend it\n' });
  expect(programs).toMatchObject({ code: 2, stderr: '' });
  expect(programs.json).toEqual({
    error: { code: 'damaged-record', message: 'the item is damaged', resolution: 'mend it' },
  });
});

it.each([
  undefined,
  null,
  'ok',
  { ok: { tasks: [] } },
  { v: 2, ok: {} },
  { v: 1, ok: 'x' },
  { v: 1, error: {} },
])('explains an answer of another shape: %j', async (answer) => {
  const { PartyClient } = await import('../../../bin/party/party-client.ts');
  const client = new PartyClient({
    flags: '',
    runsGoOn: true,
    drives: () => false,
    caller: async () => 'me',
    send: async () => answer,
    close: async () => {},
  });

  await expect(client.ask({ request: 'status' })).rejects.toMatchObject({
    code: 'bad-answer',
    resolution: expect.stringContaining('version of after-party'),
  });
});
