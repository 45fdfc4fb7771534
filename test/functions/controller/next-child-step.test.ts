import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standingOfChild } from '../../../functions/controller/next-child-step.ts';
import { PartyError } from '../../../functions/errors.ts';
import { childTask } from '../../../functions/ledger/fan-out.ts';
import {
  type Child,
  type RunRecord,
  type SelectedTask,
  type TaskRecord,
  taskStates,
} from '../../../functions/ledger/index.ts';
import { at, request, TestTable } from '../ledger/open-ledger.ts';
import { OTHER_RUN, RUN, runOf, selectedTask } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const NOW = Date.parse(at(30));
const PLAN = at(0);
const ONCE = childTask(selectedTask('1', { childDelivery: 'at-least-once' }));
const AT_MOST_ONCE = childTask(selectedTask('1', { childDelivery: 'at-most-once' }));

function childOf(fields: Partial<TaskRecord>): Child {
  return { number: 1, state: 'pending', attempt: 1, ...fields };
}

const live = { state: 'running', run: OTHER_RUN, leaseUntil: at(31) } as const;
const stale = { state: 'running', run: OTHER_RUN, leaseUntil: at(29) } as const;
const own = { lastRun: RUN } as const;
const theirs = { lastRun: OTHER_RUN } as const;
const before = { succeededAt: at(-60) } as const;
const deploy = runOf([]);
const invoke = runOf([], { trigger: 'invoke' });
const chosen = runOf([], { trigger: 'invoke', children: [1] });
const notChosen = runOf([], { trigger: 'invoke', children: [2] });
const dryRun = runOf([], { trigger: 'invoke', children: [1], dryRun: true });

type Case = [string, Partial<TaskRecord>, RunRecord, string, SelectedTask?];

describe('where a child stands', () => {
  it.each<Case>([
    ['planned', {}, deploy, 'ready'],
    ['executed by somebody', live, deploy, 'running'],
    ['broken off in another run', stale, deploy, 'ready'],
    ['broken off in another run', stale, deploy, 'broken-off', AT_MOST_ONCE],
    ['broken off in another run, after a success', { ...stale, ...before }, deploy, 'broken-off'],
    ['broken off in another run', stale, invoke, 'ready', AT_MOST_ONCE],
    ['broken off in another run since this one had it', { ...stale, ...own }, invoke, 'broken-off'],
    ['broken off in this run', { ...stale, run: RUN }, deploy, 'broken-off'],
    ['yielded', { state: 'interrupted', ...own }, deploy, 'ready'],
    ['stopped in this run', { state: 'interrupted', reason: 'r', ...own }, deploy, 'failed'],
    ['failed in this run', { state: 'failed', ...own }, deploy, 'failed'],
    ['in doubt in this run', { state: 'in-doubt', ...own }, deploy, 'failed'],
    ['paused with its task', { state: 'paused', ...own }, deploy, 'done'],
    ['done in this run', { state: 'succeeded', ...before, ...own }, deploy, 'done'],
    ['done before', { state: 'succeeded', ...before, ...theirs }, deploy, 'done'],
    ['failed before', { state: 'failed', ...theirs }, deploy, 'ready'],
    ['failed when it was run again by hand', { state: 'failed', ...before, ...theirs }, deploy, 'done'],
    ['stopped before', { state: 'interrupted', reason: 'r', ...theirs }, deploy, 'ready'],
    ['paused before', { state: 'paused', ...theirs }, deploy, 'ready'],
    ['cancelled before', { state: 'cancelled', ...theirs }, deploy, 'ready'],
    ['in doubt', { state: 'in-doubt', ...theirs }, deploy, 'failed'],
    ['skipped in the console', { state: 'skipped' }, deploy, 'failed'],
    ['in doubt, and a person asks', { state: 'in-doubt', ...theirs }, invoke, 'ready'],
    ['done, and a person asks for the task', { state: 'succeeded', ...before, ...theirs }, invoke, 'done'],
    ['done, and a person asks for it', { state: 'succeeded', ...before, ...theirs }, chosen, 'ready'],
    ['planned, and a person asks for another', {}, notChosen, 'done'],
    ['executed, and a person asks for another', live, notChosen, 'running'],
    ['of which a dry run is asked', {}, dryRun, 'ready'],
    ['of which a dry run was made', own, dryRun, 'done'],
    ['of which a dry run broke off', { ...stale, run: RUN, ...own }, dryRun, 'broken-off'],
    ['broken off before, of which a dry run was made', { ...stale, ...own }, dryRun, 'done'],
  ])('%s', (_, fields, run, expected, task = ONCE) => {
    expect(standingOfChild(task, childOf(fields), run, NOW)).toBe(expected);
  });

  it('damaged', () => {
    const damaged = new PartyError('damaged-record', 'the ledger item is damaged');
    expect(standingOfChild(ONCE, { number: 1, damaged }, deploy, NOW)).toBe('failed');
  });
});

/** All records that a run may find, and what it may be: a run of a person or not, of all children or of this one. */
function* combinations(): Generator<{ fields: Partial<TaskRecord>; run: RunRecord; task: SelectedTask }> {
  for (const state of taskStates)
    for (const lastRun of [undefined, RUN, OTHER_RUN])
      for (const succeededAt of [undefined, at(-60)])
        for (const reason of [undefined, 'r'])
          for (const run of [deploy, invoke, chosen])
            for (const task of [ONCE, AT_MOST_ONCE]) {
              const running = state === 'running' ? { ...stale, owner: 'old', startedAt: at(-60) } : {};
              const fields = { state, lastRun, succeededAt, reason, ...running } as Partial<TaskRecord>;
              if (isPossible(fields, run)) yield { fields, run, task };
            }
}

function isPossible({ state, lastRun, succeededAt, reason }: Partial<TaskRecord>, run: RunRecord): boolean {
  if (state === 'fanned-out' || (reason !== undefined && state !== 'interrupted')) return false;
  if (state === 'succeeded') return succeededAt !== undefined;
  // Only a person has executed again what has succeeded.
  return succeededAt === undefined || lastRun !== run.runId || run.trigger === 'invoke';
}

/** Else its run would call the runner for ever, or never. */
it('is ready exactly where the ledger lets its run claim it', async () => {
  const ledger = table.open();
  const records = ledger.children('1').at(1);
  let claims = 0;
  for (const { fields, run, task } of combinations()) {
    const stands = standingOfChild(task, childOf(fields), run, NOW);
    // The one is settled first, and the other is not what the person has asked for.
    if (stands === 'broken-off' || (stands === 'done' && run === invoke)) continue;
    const item = {
      schema: 1,
      version: '1',
      name: 'task_1',
      summary: 's',
      attempt: 1,
      history: [],
      plan: PLAN,
    };
    await ledger.edit('0000001', { ...item, ...UNSET, ...fields }, `${ledger.id}#1`);
    const asked = { task, asked: run.trigger === 'invoke', isChild: true, now: at(30), leaseUntil: at(90) };
    const { claimed } = await records.claim(request({ runId: RUN, ...asked }));
    const place = JSON.stringify({ ...fields, trigger: run.trigger, delivery: task.delivery });
    expect(claimed, place).toBe(stands === 'ready');
    claims += 1;
  }
  expect(claims).toBeGreaterThan(150);
});

/** What the claim before has left. */
const UNSET = { run: undefined, leaseUntil: undefined, startedAt: undefined };
