import { describe, expect, it } from 'vitest';
import type { RunStatus, TaskStatus } from '../../../functions/controller/requests.ts';
import {
  type Answer,
  commandLine,
  NOW,
  refusal,
  runStatus,
  taskDetails,
  taskStatus,
} from '../command-line.ts';
import { Screen } from '../terminal/screen.ts';
import { oneTaskParty } from './one-task-party.ts';

const ARN = 'arn:aws:iam::123456789012:user/ann';
const RUN_ID = '0123456789abcdef0123456789abcdef';
const answering =
  (fields: Partial<TaskStatus>): Answer =>
  () => ({ tasks: [taskStatus(fields)] });

describe('pause', () => {
  it('of a task that waits is done at once', async () => {
    const { code, stdout, requests } = await commandLine(
      ['pause', 'restart_search', '--reason', 'peak hours'],
      {
        answers: { pause: answering({ state: 'paused', reason: 'peak hours' }) },
      },
    );

    expect(requests).toEqual([
      { v: 1, request: 'pause', names: ['restart_search'], local: [], reason: 'peak hours', by: ARN },
    ]);
    expect([code, stdout]).toEqual([0, '20260126080000_restart_search is paused  "peak hours"\n']);
  });

  it('of a task that is being executed is a request, and says so', async () => {
    const answers = { pause: answering({ state: 'running', notes: ['pause-requested'] }) };
    const { stdout, requests } = await commandLine(['pause', 'restart_search'], { answers });
    const asked = await commandLine(['pause', 'restart_search', '--json'], { answers });

    expect(stdout).toBe(
      'pause requested: 20260126080000_restart_search stops at its next item or checkpoint\n',
    );
    expect(requests[0]).not.toHaveProperty('reason');
    expect(asked.json).toMatchObject({ tasks: [{ state: 'running', notes: ['pause-requested'] }] });
  });

  it('ends with 2 where it makes no sense', async () => {
    const { code, stderr } = await commandLine(['pause', 'restart_search'], {
      answers: { pause: () => refusal('wrong-state', 'task a is succeeded', 'look at it') },
    });

    expect(code).toBe(2);
    expect(stderr).toBe('error task a is succeeded\n      look at it\n');
  });
});

describe('cancel', () => {
  it('takes a task too', async () => {
    const { code, stdout, requests } = await commandLine(['cancel', 'restart_search', '--reason', 'wrong'], {
      answers: { 'cancel-task': answering({ state: 'running', notes: ['cancel-requested'] }) },
    });

    expect(requests).toEqual([
      { v: 1, request: 'cancel-task', names: ['restart_search'], local: [], reason: 'wrong', by: ARN },
    ]);
    expect([code, stdout]).toEqual([
      0,
      'cancel requested: 20260126080000_restart_search stops at its next item or checkpoint\n',
    ]);
  });
});

describe('resume', () => {
  const party = oneTaskParty({ state: 'succeeded', result: '12 items' });
  const answers = { ...party, resume: party.invoke as Answer };

  it('shows the run that goes on with the task', async () => {
    const { code, stdout, requests } = await commandLine(['resume', 'restart_search', '--reason', 'night'], {
      answers,
      runsGoOn: false,
    });

    expect(code).toBe(0);
    expect(stdout).toContain('12 items');
    const { runId, ...sent } = { ...requests[0] };
    expect(runId).toMatch(/^[0-9a-f]{32}$/);
    expect(sent).toEqual({
      ...{ v: 1, request: 'resume', names: ['restart_search'], local: [], reason: 'night', by: ARN },
    });
  });

  it('may be left at once', async () => {
    const { code, stdout, requests } = await commandLine(['resume', 'restart_search', '--detach'], {
      answers,
    });

    expect([code, stdout]).toEqual([0, `${requests[0]?.runId}\n`]);
    expect(requests).toHaveLength(1);
  });
});

describe('rate', () => {
  it('says from when on it holds', async () => {
    const running = await commandLine(['rate', 'restart_search', '2.5'], {
      answers: { rate: answering({ state: 'running' }) },
    });
    const waiting = await commandLine(['rate', 'restart_search', '40'], {
      answers: { rate: answering({ state: 'paused' }) },
    });

    expect(running.requests).toEqual([
      { v: 1, request: 'rate', names: ['restart_search'], itemsPerSecond: 2.5, by: ARN },
    ]);
    expect(running.stdout).toBe(
      '20260126080000_restart_search may process 2.5 items per second, from its next checkpoint on\n',
    );
    expect(waiting.stdout).toBe('20260126080000_restart_search may process 40 items per second\n');
  });

  it.each(['0', '0.0', '-1', 'fast', '1e3', '', '9'.repeat(400)])('refuses %j', async (rate) => {
    const { code, requests } = await commandLine(['rate', 'restart_search', '--', rate]);
    expect([code, requests]).toEqual([2, []]);
  });
});

describe('invoke of a task with items', () => {
  const INVOKE = ['invoke', 'restart_search'];

  it('hands on from where, how much, and whether it is in earnest', async () => {
    const answers = oneTaskParty({ state: 'succeeded' });
    const limited = await commandLine([...INVOKE, '--from-start', '--limit', '100', '--detach'], { answers });
    const dry = await commandLine([...INVOKE, '--dry-run', '--detach'], { answers });

    expect(limited.requests[0]).toMatchObject({ fromStart: true, limit: 100 });
    expect(limited.requests[0]).not.toHaveProperty('dryRun');
    expect(dry.requests[0]).toMatchObject({ dryRun: true });
  });

  it.each([
    [['--limit', '0'], '--limit'],
    [['--limit', '2.5'], 'whole number'],
    [['--limit', 'many'], '--limit'],
    [['--dry-run', '--from-start'], "'--dry-run' cannot be used with option '--from-start'"],
  ])('refuses %j before anything is sent', async (flags, words) => {
    const { code, stderr, requests } = await commandLine([...INVOKE, ...flags]);

    expect([code, requests]).toEqual([2, []]);
    expect(stderr).toContain(words);
  });

  it.each([
    ['paused', 'succeeded', 1],
    ['cancelled', 'succeeded', 1],
    ['interrupted', 'succeeded', 0],
    ['interrupted', 'failed', 1],
  ])('that is %s in a run that %s ends with %d', async (state, runState, code) => {
    const answers: Record<string, Answer> = {
      invoke: (request) => {
        const tasks = [taskStatus({ state, lastRun: String(request.runId) })];
        return runStatus(request, { state: runState, tasks });
      },
      logs: () => ({ lines: [], token: null }),
    };
    expect((await commandLine(INVOKE, { answers, runsGoOn: false })).code).toBe(code);
  });

  it.each([
    ['succeeded', 0],
    ['failed', 1],
  ])('that ends a dry run which %s ends with %d, whatever the task was before', async (state, code) => {
    const answers: Record<string, Answer> = {
      invoke: (request) => {
        const tasks = [taskStatus({ state: 'failed', lastRun: String(request.runId) })];
        return runStatus(request, { state, dryRun: true, outcome: 'dry run', tasks });
      },
      logs: () => ({ lines: [], token: null }),
    };
    const ended = await commandLine([...INVOKE, '--dry-run'], { answers, runsGoOn: false });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toBe('· 20260126080000_restart_search  dry run ended\n');
  });
});

describe('the progress of a run', () => {
  const LOOKS = 4;

  /** A task that is at 10, 20, 30 % … of its items, and then at its end. */
  function movingParty(): Record<string, Answer> {
    let looks = 0;
    const task = (request: Record<string, unknown>, done: number): RunStatus => {
      const lastRun = String(request.runId);
      const running = { itemsPerSecond: 2, msLeft: 5_000, total: 100, done };
      const tasks = [taskStatus({ state: 'running', lastRun, progress: running })];
      return runStatus(request as Parameters<Answer>[0], { tasks });
    };
    return {
      invoke: (request) => task(request, 0),
      'show-run': (request) => {
        looks += 1;
        if (looks < LOOKS) return task(request, looks * 10);
        const tasks = [taskStatus({ state: 'succeeded', lastRun: String(request.runId), result: 'done' })];
        return runStatus(request, { state: 'succeeded', tasks });
      },
      logs: () => ({ lines: [], token: null }),
    };
  }

  it('is one line at a terminal, which gives way to what comes next', async () => {
    const { stderr } = await commandLine(['invoke', 'restart_search', '--no-color'], {
      answers: movingParty(),
      keys: [],
      columns: 60,
      runsGoOn: false,
    });

    const line = '◐ restart_search  ▇▁▁▁▁▁▁▁▁▁ 10 % · 5.0s left';
    expect(stderr).toContain(`${line}\u001b[K\r◐ restart_search  ▇▇▁▁▁▁▁▁▁▁ 20 %`);
    expect(stderr).toMatch(/30 % · 5\.0s left.*\r.*✔ 20260126080000_restart_search/);
    expect(new Screen(60).write(stderr).text).toBe(
      '▸ 20260126080000_restart_search\n✔ 20260126080000_restart_search  –  done',
    );
  });

  it('is a line now and then elsewhere, with no control characters', async () => {
    let seconds = 0;
    const { stderr } = await commandLine(['invoke', 'restart_search'], {
      answers: movingParty(),
      runsGoOn: false,
      now: () => {
        seconds += 4;
        return NOW + seconds * 1000;
      },
    });

    expect(stderr).not.toContain('\r');
    expect(stderr).not.toContain('\u001b');
    const lines = stderr.split('\n').filter((text) => text.startsWith('◐'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(LOOKS - 1);
  });
});

describe('show', () => {
  it('says how far a task has come, how fast, and from where it goes on', async () => {
    const progress = { done: 5_160, total: 12_000, itemsPerSecond: 32, msLeft: 213_000 };
    const task = taskDetails({
      ...{ state: 'running', startedAt: '2026-11-20T09:19:00.000Z', lastRun: RUN_ID },
      ...{ progress, rate: 40, cursor: { id: 'u-8114' } },
    });
    const { stdout } = await commandLine(['show', 'restart_search'], {
      answers: { show: () => ({ tasks: [task] }) },
    });

    expect(stdout).toContain('  progress  5,160 of ~12,000 (43 %), 32 a second, 3m 33s left\n');
    expect(stdout).toContain('  rate      40 items per second\n');
    expect(stdout).toContain('  cursor    {"id":"u-8114"}\n');
  });

  it('says at which item a task failed', async () => {
    const error = {
      ...{ name: 'TypeError', message: 'no trim', at: 'tasks/x.ts:14' },
      ...{ position: 'item 8,113 of about 12,000', item: '{"id":"u-8113"}' },
    };
    const { stdout } = await commandLine(['show', 'restart_search'], {
      answers: { show: () => ({ tasks: [taskDetails({ state: 'failed', error })] }) },
    });

    expect(stdout).toContain('  at        item 8,113 of about 12,000, tasks/x.ts:14\n');
    expect(stdout).toContain('  item      {"id":"u-8113"}\n');
  });
});
