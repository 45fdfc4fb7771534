import { describe, expect, it } from 'vitest';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import { type Answer, commandLine, NOW, runStatus, taskStatus } from '../command-line.ts';

const RUN = '0123456789abcdef0123456789abcdef';
const MINUTES = 60_000;
const WATCH = ['watch', '--stack', 'Shop-prod'];

/** A deploy of three tasks: one ended ten minutes ago, one runs until the second look, one waits. */
function deploy(end: Partial<RunStatus>): Record<string, Answer> {
  const first = taskStatus({
    ...{ version: '1', name: 'first', state: 'succeeded', lastRun: RUN, durationMs: 200, result: 'fine' },
    finishedAt: new Date(NOW - 10 * MINUTES).toISOString(),
  });
  const waiting = taskStatus({ version: '3', name: 'third' });
  const second = taskStatus({ version: '2', name: 'second', lastRun: RUN, state: 'running' });
  const fields: Partial<RunStatus> = { runId: RUN, trigger: 'deploy', tasks: [first, second, waiting] };
  let looks = 0;
  return {
    watch: (request) => ({ run: runStatus(request, fields) }),
    'show-run': (request) => {
      looks += 1;
      const ended = taskStatus({ ...second, state: 'succeeded', durationMs: 300 });
      return looks < 2
        ? runStatus(request, fields)
        : runStatus(request, { ...fields, state: 'succeeded', tasks: [first, ended, waiting], ...end });
    },
    logs: ({ names }) => ({
      lines:
        String(names) === '2' ? [{ at: '2026-11-20T09:20:01.000Z', level: 'INFO', message: 'busy' }] : [],
      token: null,
    }),
  };
}

describe('watch', () => {
  it('follows a run that another started to its end', async () => {
    const { code, stdout, stderr, requests } = await commandLine(WATCH, {
      answers: deploy({ outcome: '2 of 3 ran' }),
      runsGoOn: false,
    });

    expect(code).toBe(0);
    expect(stderr).toBe(`✔ 1_first  0.2s  fine
▸ 2_second
  second  INFO  busy
✔ 2_second  0.3s
`);
    expect(stdout).toContain('\n2 of 3 ran\n');
    expect(requests[0]).toEqual({ v: 1, request: 'watch' });
    // Of what ended long ago no line is still to come.
    expect(requests.filter(({ request }) => request === 'logs').length).toBeLessThan(6);
  });

  it.each([
    ['paused', '· 2_second  paused  0.3s  43 %'],
    ['cancelled', '· 2_second  cancelled  0.3s  43 %'],
    ['in-doubt', '✖ 2_second  in-doubt  0.3s  43 %'],
  ])('says of a task that is %s that it is', async (state, line) => {
    const progress = { done: 43, total: 100, itemsPerSecond: null, msLeft: null };
    const ended = taskStatus({
      ...{ version: '2', name: 'second', lastRun: RUN, state, reason: state, durationMs: 300, progress },
    });

    const { stderr } = await commandLine(WATCH, { answers: deploy({ tasks: [ended] }), runsGoOn: false });

    expect(stderr).toContain(`\n${line}`);
  });

  it('ends with 1 where the run failed, also before a task was begun, and prints it with --json', async () => {
    const over = (fields: Partial<RunStatus>): Record<string, Answer> => ({
      watch: (request) => ({ run: runStatus(request, { state: 'failed', ...fields }) }),
    });
    const failed = taskStatus({ state: 'failed', lastRun: RUN });

    const { code, json, requests } = await commandLine(['watch', RUN, '--json'], {
      answers: over({ tasks: [failed] }),
    });
    expect(requests).toEqual([{ v: 1, request: 'watch', runId: RUN }]);
    expect([code, json]).toEqual([1, expect.objectContaining({ runId: RUN, state: 'failed' })]);

    const unbegun = over({ outcome: 'the runner does not load', tasks: [taskStatus({})] });
    expect(await commandLine(WATCH, { answers: unbegun })).toMatchObject({
      ...{ code: 1, stderr: '', stdout: expect.stringContaining('the runner does not load') },
    });
  });

  it('names the background tasks that a deploy has started', async () => {
    const background = ['d'.repeat(32), 'e'.repeat(32)];
    const { stdout } = await commandLine(WATCH, {
      answers: { watch: (request) => ({ run: runStatus(request, { state: 'succeeded', background }) }) },
    });

    expect(stdout).toBe(
      `background  npx after-party watch ${background[0]} --stack Shop-prod\n` +
        `            npx after-party watch ${background[1]} --stack Shop-prod\n`,
    );
  });

  it('says that nothing runs', async () => {
    const answers = { watch: () => ({ run: null }) };

    expect(await commandLine(WATCH, { answers })).toMatchObject({ code: 0, stdout: 'nothing runs\n' });
    expect(await commandLine([...WATCH, '--json'], { answers })).toMatchObject({ code: 0, json: null });
  });

  it('refuses what is not the id of a run', async () => {
    const { code, stderr, requests } = await commandLine(['watch', 'restart_search']);

    expect([code, requests]).toEqual([2, []]);
    expect(stderr).toContain('"restart_search" is not the id of a run');
    expect(stderr).toContain('after-party show NAME');
  });

  it.each([
    ['a deployed run', { runsGoOn: true }],
    ['one that another process on this machine drives', { runsGoOn: false, drives: false }],
  ])('leaves %s alone at Ctrl-C', async (_, where) => {
    const { code, stderr, stdout, requests } = await commandLine(WATCH, {
      ...where,
      answers: deploy({}),
      watch: ({ request }, interrupt) => request === 'show-run' && interrupt(),
    });

    expect([code, stdout]).toEqual([130, '']);
    expect(requests.map(({ request }) => request)).not.toContain('cancel');
    expect(stderr).toContain('left: the run goes on');
    expect(stderr).toContain(`npx after-party watch ${RUN} --stack Shop-prod`);
  });
});
