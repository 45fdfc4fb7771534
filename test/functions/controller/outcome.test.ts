import { describe, expect, it } from 'vitest';
import { type End, outcomeOf } from '../../../functions/controller/outcome.ts';
import type { TaskRecord } from '../../../functions/ledger/index.ts';
import { at } from '../ledger/open-ledger.ts';
import { config, OTHER_RUN, recordOf, recordsOf, runningRecord, runOf, selectedTask } from './party.ts';

const first = selectedTask('20260126080000', { name: 'restart_search' });
const second = selectedTask('20260202113000', { name: 'start_partner_resync' });
const error = {
  name: 'TypeError',
  message: "reading 'trim'",
  at: 'tasks/20260126080000_restart_search.ts:14',
};
const failed = recordOf(first.version, { state: 'failed', attempt: 2, error });

const HELP = 'npx after-party skip 20260126080000 --stack Shop-prod --reason "..."';
const DETAILS = 'Details: npx after-party status --stack Shop-prod';

describe('what CloudFormation is told', () => {
  it('of nothing to do', () => {
    expect(outcomeOf(runOf([]), new Map(), { because: 'done' }, config)).toEqual({
      state: 'succeeded',
      stopped: false,
      retentionDays: 365,
      status: 'SUCCESS',
      counts: { succeeded: 0, failed: 0, notStarted: 0 },
      text: 'no pending tasks to run',
    });
  });

  it('of tasks that ran', () => {
    const records = recordsOf(recordOf(first.version), recordOf(second.version));
    expect(outcomeOf(runOf([first, second]), records, { because: 'done' }, config)).toMatchObject({
      status: 'SUCCESS',
      counts: { succeeded: 2, failed: 0, notStarted: 0 },
      text: `2 of 2 ran: restart_search (12 s), start_partner_resync (12 s). ${DETAILS}`,
    });
  });

  it('of tasks that a person asked for: no command, since all is shown', () => {
    const run = { ...runOf([first]), trigger: 'run' as const };
    const { text } = outcomeOf(run, recordsOf(recordOf(first.version)), { because: 'done' }, config);
    expect(text).toBe('1 of 1 ran: restart_search (12 s)');
  });

  it('of more tasks than have room', () => {
    const selection = Array.from({ length: 1_200 }, (_, index) => selectedTask(String(index + 1)));
    const records = recordsOf(...selection.map(({ version }) => recordOf(version)));
    const { text } = outcomeOf(runOf(selection), records, { because: 'done' }, config);
    expect(text).toMatch(/^1200 of 1200 ran: task_1 .*task_5 \(12 s\) and 1195 more\. Details: /);
  });

  it('of a failure: which task, attempt, why, where, what ran, and what helps', () => {
    const run = runOf([selectedTask('1'), first, second]);
    const records = recordsOf(recordOf('1'), failed);
    expect(outcomeOf(run, records, { because: 'failed', task: first }, config)).toEqual({
      state: 'failed',
      stopped: true,
      retentionDays: 365,
      status: 'FAILED',
      counts: { succeeded: 1, failed: 1, notStarted: 1 },
      text:
        'task 20260126080000_restart_search failed (attempt 2, after 12 s): ' +
        "TypeError: reading 'trim', at tasks/20260126080000_restart_search.ts:14. " +
        '1 task ran, 1 failed, 1 not started. Nothing needs cleaning up: fix it and deploy again, ' +
        `or deploy without it: ${HELP}. More: npx after-party show 20260126080000 --stack Shop-prod`,
    });
  });

  it('of a failure in a stack with several parties: which of them the commands are for', () => {
    const of = (party: string) => {
      const two = { ...config, party, sharesStack: true };
      return outcomeOf(runOf([first]), recordsOf(failed), { because: 'failed', task: first }, two).text;
    };
    expect(of('Chores')).toContain('skip 20260126080000 --stack Shop-prod --party Chores --reason "..."');
    expect(of('Chores')).toMatch(/show 20260126080000 --stack Shop-prod --party Chores$/);
    expect(of('My chores')).toContain("--party 'My chores' --reason");
  });

  it('of items: how many, and how long', () => {
    const records = recordsOf(recordOf(first.version, { progress: { done: 12_041, total: 12_041 } }));
    expect(outcomeOf(runOf([first]), records, { because: 'done' }, config).text).toBe(
      `1 of 1 ran: restart_search (12,041 items, 12 s). ${DETAILS}`,
    );
  });

  it('of a failure at an item: which one, and that it goes on there', () => {
    const position = 'item 8,113 of about 12,000';
    const record = recordOf(first.version, {
      ...{ state: 'failed', attempt: 2, error: { ...error, position }, cursor: 'u-8112' },
      progress: { done: 8_112, total: 12_000 },
    });
    const { text } = outcomeOf(runOf([first]), recordsOf(record), { because: 'failed', task: first }, config);
    expect(text).toMatch(/failed \(attempt 2, after 12 s, at item 8,113 of about 12,000\): TypeError/);
    expect(text).toContain('fix it and deploy again to go on where it stopped, or deploy without it');
  });

  it('of a task that is split: which child, how many, and that only what is left is run', () => {
    const children = { of: 'keys', count: 20, parallel: 10, plan: at(0) } as const;
    const record = recordOf(first.version, {
      ...{ state: 'failed', children, error: { ...error, position: 'item 3 of about 9' } },
      ...{ reason: '1 of 20 failed: key "acme": TypeError: no', progress: { done: 90, total: 180 } },
    });
    const { text } = outcomeOf(runOf([first]), recordsOf(record), { because: 'failed', task: first }, config);
    expect(text).toMatch(
      /failed \(attempt 1, after 12 s, at 90 of ~180\): 1 of 20 failed: key "acme": TypeError/,
    );
    expect(text).toContain('fix it and deploy again to run what is left, or deploy without it');
    const doubtful = recordsOf({ ...record, state: 'in-doubt' });
    const doubt = outcomeOf(runOf([first]), doubtful, { because: 'failed', task: first }, config);
    expect(doubt.text).toContain('npx after-party mark-done 20260126080000 --key KEY --stack Shop-prod');
  });

  it('of a task that was stopped: it needs no mending', () => {
    const reason = 'deploy timeout';
    const record = recordOf(first.version, {
      state: 'interrupted',
      reason,
      cursor: 7,
      progress: { done: 7 },
    });
    const outcome = outcomeOf(runOf([first]), recordsOf(record), { because: 'failed', task: first }, config);
    expect(outcome).toMatchObject({ status: 'FAILED', counts: { succeeded: 0, failed: 1, notStarted: 0 } });
    expect(outcome.text).toMatch(/was interrupted \(attempt 1, after 12 s, at 7 items\): deploy timeout\. /);
    expect(outcome.text).toContain('Nothing needs cleaning up: deploy again to go on where it stopped');
  });

  it('of tasks that people keep from running', () => {
    const third = selectedTask('3', { name: 'seed_roles' });
    const records = recordsOf(
      recordOf(first.version),
      recordOf(second.version, { state: 'paused', lastRun: OTHER_RUN, progress: { done: 3, total: 10 } }),
      recordOf('3', { state: 'cancelled', reason: 'no' }),
    );
    const outcome = outcomeOf(runOf([first, second, third]), records, { because: 'done' }, config);
    expect(outcome).toMatchObject({
      ...{ state: 'succeeded', status: 'SUCCESS', counts: { succeeded: 1, failed: 0, notStarted: 0 } },
      text: `1 of 3 ran: restart_search (12 s); start_partner_resync is paused at 30 %; seed_roles was cancelled. ${DETAILS}`,
    });
  });

  it('of a paused task alone', () => {
    const records = recordsOf(recordOf(first.version, { state: 'paused', lastRun: OTHER_RUN }));
    expect(outcomeOf(runOf([first]), records, { because: 'done' }, config).text).toBe(
      'restart_search is paused',
    );
  });

  it('of a doubt, which deploying again does not help', () => {
    const records = recordsOf(recordOf(first.version, { state: 'in-doubt', reason: 'the runner crashed' }));
    const { text } = outcomeOf(runOf([first]), records, { because: 'failed', task: first }, config);
    expect(text).toContain('is in doubt (attempt 1, after 12 s): the runner crashed. ');
    expect(text).toContain('npx after-party mark-done 20260126080000 --stack Shop-prod');
    expect(text).not.toContain('deploy again');
  });

  it('counts what an earlier run left', () => {
    const records = recordsOf(
      recordOf('1', { lastRun: OTHER_RUN }),
      recordOf('2', { state: 'failed', lastRun: OTHER_RUN }),
      runningRecord('3', { run: OTHER_RUN }),
    );
    const run = runOf(['1', '2', '3', '4'].map((version) => selectedTask(version)));
    const task = selectedTask('3');
    expect(outcomeOf(run, records, { because: 'deadline', task }, config).counts).toEqual({
      succeeded: 0,
      failed: 0,
      notStarted: 2,
    });
  });

  it('of a failure that does not stop the deploy, loudly', () => {
    const tolerated = { ...first, onFailure: 'continue' as const };
    const records = recordsOf(failed, recordOf(second.version));
    const outcome = outcomeOf(runOf([tolerated, second]), records, { because: 'done' }, config);
    expect(outcome).toMatchObject({ state: 'failed', status: 'SUCCESS' });
    expect(outcome.text).toMatch(
      /^FAILED, and the deploy goes on: task 20260126080000_restart_search failed/,
    );
    expect(outcome.text).toContain('1 task ran, 1 failed, 0 not started.');
  });

  it('of a failure that would take an existing ledger along', () => {
    const run = runOf([first], { sparesStack: true });
    const outcome = outcomeOf(run, recordsOf(failed), { because: 'failed', task: first }, config);
    expect(outcome).toMatchObject({ state: 'failed', status: 'SUCCESS' });
    expect(outcome.text).toMatch(/^FAILED, and the stack was spared/);
    expect(outcome.text).toContain(HELP);
  });

  it.each([
    [runningRecord(first.version), 'was still being executed at the end of the deployTimeout (30 min)'],
    [runningRecord(first.version, { run: OTHER_RUN }), 'was still being executed by another run at the end'],
    [undefined, 'could not be started within the deployTimeout (30 min)'],
    [
      recordOf(first.version, { state: 'failed', reason: 'deploy timeout' }),
      'failed (attempt 1, after 12 s): deploy',
    ],
  ])('of the deadline', (record, words) => {
    const records = record === undefined ? new Map<string, TaskRecord>() : recordsOf(record);
    const outcome = outcomeOf(runOf([first]), records, { because: 'deadline', task: first }, config);
    expect(outcome.status).toBe('FAILED');
    expect(outcome.text).toContain(`task 20260126080000_restart_search`);
    expect(outcome.text).toContain(words);
  });

  it('the deadline follows onFailure', () => {
    const task = { ...first, onFailure: 'continue' as const };
    const outcome = outcomeOf(runOf([task]), new Map(), { because: 'deadline', task }, config);
    expect(outcome).toMatchObject({ state: 'failed', status: 'SUCCESS' });
  });

  it.each([
    ['person', 'the run was cancelled by ann: wrong release. 0 tasks ran'],
    ['rollback', 'the run was cancelled: the stack is rolling back. 0 tasks ran'],
    ['delete', 'the run was cancelled: the stack is being deleted. 0 tasks ran'],
  ] as const)('of a run that was cancelled (%s)', (cause, words) => {
    const run = runOf([first], { request: { cause, by: 'ann', at: at(1), reason: 'wrong release' } });
    const outcome = outcomeOf(run, new Map(), { because: 'cancelled' }, config);
    expect(outcome).toMatchObject({ state: 'cancelled', status: 'FAILED' });
    expect(outcome.text).toContain(words);
  });

  it('of a rollback, which must go on', () => {
    const end: End = { because: 'rollback', stackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    expect(outcomeOf(runOf([]), new Map(), end, config)).toMatchObject({
      status: 'SUCCESS',
      text: 'no task was started: the stack is UPDATE_ROLLBACK_IN_PROGRESS',
    });
  });

  it.each([
    ['fail-deploy', 'FAILED'],
    ['continue', 'SUCCESS'],
  ] as const)('of what could not be started, where onFailure is %s', (onFailure, status) => {
    const end: End = { because: 'unstartable', reason: 'the runner does not load' };
    const outcome = outcomeOf(runOf([first]), new Map(), end, { ...config, onFailure });
    expect(outcome).toMatchObject({ state: 'failed', status });
  });
});

const longest = selectedTask('9'.repeat(38), { name: 'n'.repeat(100) });
const longConfig = { ...config, stackId: config.stackId.replace('Shop-prod', 'S'.repeat(128)) };
const TEXTS = {
  long: 'a long message, '.repeat(100),
  lines: 'line\n'.repeat(200),
  emoji: '💥'.repeat(1_000),
  'ideographs, quotes and backslashes': '漢"\\'.repeat(400),
  colours: '\u001b[31mred\u001b[0m '.repeat(100),
};

describe.each(Object.entries(TEXTS))('with a message of %s', (_, message) => {
  const record = recordOf(longest.version, { state: 'failed', error: { ...error, name: 'Error', message } });
  const doubted = recordOf(longest.version, { state: 'in-doubt', reason: message });

  it.each([
    ['a failure', { because: 'failed', task: longest }, record, `skip ${longest.version} --stack`],
    ['a doubt', { because: 'failed', task: longest }, doubted, `mark-done ${longest.version} --stack`],
    ['a tolerated failure', { because: 'done' }, record, `show ${longest.version} --stack`],
    ['a deadline', { because: 'deadline', task: longest }, record, `show ${longest.version} --stack`],
  ] as const)(
    '%s is told in one paragraph of 600 characters, with the command that helps',
    (_name, end, one, help) => {
      for (const sparesStack of [false, true]) {
        const { text } = outcomeOf(runOf([longest], { sparesStack }), recordsOf(one), end, longConfig);
        expect([...text].length).toBeLessThanOrEqual(600);
        expect(text).not.toMatch(/[\p{Cc}]/u);
        expect(text).toContain(help);
      }
    },
  );

  it('what could not be started is told in 600 characters', () => {
    const end: End = { because: 'unstartable', reason: message };
    expect([...outcomeOf(runOf([]), new Map(), end, config).text].length).toBeLessThanOrEqual(600);
  });
});
