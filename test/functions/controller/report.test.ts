import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../../functions/controller/report.ts';
import type { TaskOutcome } from '../../../functions/ledger/index.ts';
import { TestTable } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, RUN, runOf, selectedTask, TestParty } from './party.ts';
import { SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const LOGS = Array.from({ length: 30 }, (_, index) => `INFO line ${index}`);
const ERROR = {
  name: 'TypeError',
  message: "reading 'trim'",
  stack: `TypeError: reading 'trim'\n${'    at run (tasks/1_task_1.ts:14:31)\n'.repeat(40)}`,
};

/** What is reported of a run of so many tasks that ended so; the rest were not started. */
async function reportOf(count: number, outcomes: Record<string, TaskOutcome>, party = partyOf(count)) {
  const selection = Array.from({ length: count }, (_, index) => selectedTask(String(index + 1)));
  for (const [version, outcome] of Object.entries(outcomes)) {
    const claim = await party.claim(version, RUN);
    await party.ledger.tasks.finish(claim, outcome, claim.startedAt);
  }
  await writeReport(party.ports, runOf(selection));
  return party.logged.filter(({ level }) => level === 'report').map(({ message }) => message);
}

function partyOf(count: number, runnerLogs?: TestParty['ports']['runnerLogs']): TestParty {
  const tasks = Array.from({ length: count }, (_, index) => deployed(String(index + 1)));
  return new TestParty(table, manifestOf(...tasks), runnerLogs === undefined ? {} : { runnerLogs });
}

describe('the report', () => {
  it('has a line per task, the error with its stack, and the last log lines', async () => {
    const lines = await reportOf(3, {
      1: { state: 'succeeded', result: { rows: 250 } },
      2: { state: 'failed', error: ERROR, logs: LOGS },
    });
    expect(lines.slice(0, 4)).toEqual([
      'INFO  succeeded    1_task_1  0.0 s  {"rows":250}',
      'ERROR failed       2_task_2  0.0 s  attempt 1',
      'INFO  not started  3_task_3',
      "ERROR 2_task_2: TypeError: reading 'trim'",
    ]);
    expect(lines[4]).toBe('      at run (tasks/1_task_1.ts:14:31)');
    expect(lines.filter((line) => line.includes('log: '))).toHaveLength(20);
    expect(lines.at(-1)).toBe('      log: INFO line 29');
  });

  it("leaves out the frames below the task's own", async () => {
    const below = [
      'functions/runner/tries.js:68:23',
      'functions/task/define-task.js:99:7',
      'node_modules/@middy/core/index.js:1:1',
      'node:internal/process/task_queues:104:5',
    ].map((place) => `    at run (/var/task/../dist/${place})`);
    const stack = ["TypeError: reading 'trim'", '    at run (tasks/1_task_1.ts:14:31)', ...below].join('\n');
    const lines = await reportOf(1, { 1: { state: 'failed', error: { ...ERROR, stack }, logs: [] } });
    expect(lines.slice(1)).toEqual([
      "ERROR 1_task_1: TypeError: reading 'trim'",
      '      at run (tasks/1_task_1.ts:14:31)',
    ]);
  });

  it('stays within 45 lines, whatever happened, and names what failed', async () => {
    const failed: TaskOutcome = { state: 'failed', error: ERROR, logs: LOGS };
    const lines = await reportOf(200, {
      1: { state: 'succeeded' },
      2: failed,
      3: failed,
      4: failed,
    });
    expect(lines.length).toBeLessThanOrEqual(45);
    for (const line of lines) expect(line).not.toContain('\n');
    expect(lines.join('\n')).toMatch(/ERROR failed {7}2_task_2.*\n.*ERROR failed {7}3_task_3/);
    expect(lines.join('\n')).toContain("ERROR 2_task_2: TypeError: reading 'trim'");
    expect(lines.join('\n')).toMatch(/… and \d+ more tasks/);
  });

  it('has the last lines of what crashed from the log group', async () => {
    const asked: unknown[] = [];
    const party = partyOf(1, {
      read: async () => ({ lines: [], token: null }),
      tail: async (query) => {
        asked.push(query);
        return [{ at: '2026-11-20T09:15:00.000Z', level: 'INFO', message: 'item 7' }];
      },
    });
    const lines = await reportOf(1, { 1: { state: 'failed', reason: 'the runner crashed' } }, party);
    expect(asked).toEqual([{ version: '1', runId: RUN, limit: 20 }]);
    expect(lines).toEqual([
      'ERROR failed       1_task_1  0.0 s  attempt 1',
      'ERROR 1_task_1: the runner crashed',
      '      log: INFO item 7',
    ]);
  });

  it('says at which item a task failed, and from where the next deploy goes on', async () => {
    const error = { ...ERROR, stack: "TypeError: reading 'trim'", position: 'item 8,113 of about 12,000' };
    const lines = await reportOf(1, {
      1: {
        ...{ state: 'failed', error: { ...error, item: '{"id":"u-8113"}' }, cursor: 'u-8112' },
        ...{ progress: { done: 8_112, total: 12_000 }, logs: [] },
      },
    });
    expect(lines).toEqual([
      'ERROR failed       1_task_1  0.0 s  attempt 1, at item 8,113 of about 12,000',
      "ERROR 1_task_1: TypeError: reading 'trim'",
      '      last item: {"id":"u-8113"} · cursor kept: the next deploy goes on at "u-8112"',
    ]);
  });

  it('names the key of a split task that threw', async () => {
    const party = await SplittingParty.running(table);
    party.outcomes = (key) =>
      key === 'acme' ? { state: 'failed', error: { ...ERROR, position: 'item 3' } } : { state: 'succeeded' };
    await party.carryOut(['acme', 'globex']);
    party.logged.length = 0;
    await writeReport(party.ports, await party.run());
    const lines = party.logged.map(({ message }) => message);
    expect(lines[0]).toMatch(/^ERROR failed {7}1_task_1 {2}\d\S* s {2}attempt 1$/);
    expect(lines[1]).toBe('ERROR 1_task_1: 1 of 2 failed: key "acme": TypeError: reading \'trim\'');
    expect(lines[2]).toBe('      at run (tasks/1_task_1.ts:14:31)');
  });

  it('is no error of a task that a person has paused', async () => {
    const lines = await reportOf(1, { 1: { state: 'paused', by: 'ann', progress: { done: 3 } } });
    expect(lines).toEqual(['INFO  paused       1_task_1  0.0 s  attempt 1, at 3 items']);
  });

  it('does without the lines that cannot be read', async () => {
    const party = partyOf(1, {
      read: async () => ({ lines: [], token: null }),
      tail: async () => {
        throw new Error('no such log group');
      },
    });
    const lines = await reportOf(1, { 1: { state: 'failed', reason: 'the runner crashed' } }, party);
    expect(lines.at(-1)).toBe('ERROR 1_task_1: the runner crashed');
    expect(party.logged).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ reason: 'no such log group' }),
      }),
    );
  });

  it('names a damaged record, and reports the rest', async () => {
    const party = partyOf(2);
    await party.ledger.edit('task#1', { attempt: 'many' });
    const lines = await reportOf(2, { 2: { state: 'failed', reason: 'no' } }, party);
    expect(lines).toContain('ERROR failed       2_task_2  0.0 s  attempt 1');
    expect(party.logged[0]?.message).toContain('task#1');
  });
});
