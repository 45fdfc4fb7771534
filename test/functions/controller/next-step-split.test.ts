import { describe, expect, it } from 'vitest';
import { nextStep, standing } from '../../../functions/controller/next-step.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../../../functions/ledger/index.ts';
import { at } from '../ledger/open-ledger.ts';
import { OTHER_RUN, RUN, recordOf, recordsOf, runOf, selectedTask } from './party.ts';

const NOW = Date.parse(at(130));
const PLAN = at(60);
const children = { of: 'keys', count: 3, parallel: 10, plan: PLAN } as const;
const first = selectedTask('1', { childDelivery: 'at-least-once' });
const second = selectedTask('2');
const everyDeploy = { ...first, when: 'every-deploy' } as const;
const { childDelivery: _none, ...unsplit } = first;

const deploy = runOf([], { startedAt: at(100) });
const invoke: RunRecord = { ...deploy, trigger: 'invoke' };

function split(state: TaskRecord['state'], fields: Partial<TaskRecord> = {}): TaskRecord {
  return recordOf('1', { state, children, lastRun: OTHER_RUN, ...fields });
}

type Case = [string, TaskRecord | undefined, string, RunRecord?, SelectedTask?];

describe('where a split task stands', () => {
  it.each<Case>([
    ['split by this run', split('fanned-out', { run: RUN }), 'split'],
    ['split by another run', split('fanned-out', { run: OTHER_RUN }), 'split'],
    ['split, and no longer to be', split('fanned-out', { run: OTHER_RUN }), 'split', deploy, unsplit],
    ['failed before', split('failed'), 'split'],
    ['interrupted before', split('interrupted', { reason: 'r' }), 'split'],
    ['failed in this run', split('failed', { lastRun: RUN }), 'failed'],
    ['interrupted in this run', split('interrupted', { lastRun: RUN, reason: 'r' }), 'failed'],
    ['in doubt', split('in-doubt'), 'failed'],
    ['succeeded before', split('succeeded'), 'done'],
    ['failed when it was run again by hand', split('failed', { succeededAt: at(1) }), 'done'],
    ['paused', split('paused'), 'done'],
    ['cancelled', split('cancelled'), 'done'],
    ['skipped', split('skipped'), 'done'],
    ['reset', split('pending', { children: undefined }), 'ready'],
    ['failed before it was split', split('failed', { children: undefined }), 'ready'],
    ['failed before, and no longer to be split', split('failed'), 'ready', deploy, unsplit],
    ['failed before, of every deploy', split('failed'), 'ready', deploy, everyDeploy],
    [
      'interrupted before, of every deploy',
      split('interrupted', { reason: 'r' }),
      'split',
      deploy,
      everyDeploy,
    ],
    ['failed before, and a person asks', split('failed'), 'split', invoke],
    ['paused, and a person asks', split('paused'), 'split', invoke],
    ['in doubt, and a person asks', split('in-doubt'), 'split', invoke],
    ['succeeded, and a person asks', split('succeeded'), 'ready', invoke],
    [
      'failed, and a person asks for it from the start',
      split('failed'),
      'ready',
      { ...invoke, fromStart: true },
    ],
    ['failed, and a person asks for a dry run', split('failed'), 'ready', { ...invoke, dryRun: true }],
    ['succeeded, and a person asks for a child', split('succeeded'), 'split', { ...invoke, children: [2] }],
    [
      'failed, and a person asks for a dry run of a child',
      split('failed'),
      'split',
      { ...invoke, children: [2], dryRun: true },
    ],
    [
      'split anew since a person has asked for a child',
      split('failed', { children: { ...children, plan: at(101) } }),
      'failed',
      { ...invoke, children: [2] },
    ],
    ['gone since a person has asked for a child', undefined, 'failed', { ...invoke, children: [2] }],
  ])('%s', (_, record, expected, run = deploy, task = first) => {
    expect(standing(task, record, run, NOW)).toBe(expected);
  });
});

describe('the next step of a run with a split task', () => {
  const run: RunRecord = { ...deploy, selection: [first, second] };
  const cancelled: RunRecord = { ...run, request: { cause: 'person', by: 'ann', at: at(1) } };

  it('sees to its children before all that comes behind it', () => {
    const record = split('fanned-out', { run: RUN });
    expect(nextStep(run, recordsOf(record), NOW)).toEqual({ kind: 'fan-out', task: first, record });
  });

  it('runs what comes before it first', () => {
    const behind: RunRecord = { ...run, selection: [second, first] };
    expect(nextStep(behind, recordsOf(split('failed')), NOW)).toEqual({ kind: 'run', versions: ['2'] });
  });

  it('sees to it in a cancelled run, and does not begin with it there', () => {
    const record = split('fanned-out', { run: RUN });
    expect(nextStep(cancelled, recordsOf(record), NOW)).toMatchObject({ kind: 'fan-out' });
    expect(nextStep(cancelled, recordsOf(split('failed')), NOW)).toMatchObject({
      kind: 'end',
      stopped: first,
    });
  });

  it('goes on behind its failure where that is only to be said', () => {
    const tolerated: RunRecord = { ...run, selection: [{ ...first, onFailure: 'continue' }, second] };
    const record = split('failed', { lastRun: RUN });
    expect(nextStep(tolerated, recordsOf(record), NOW)).toEqual({ kind: 'run', versions: ['2'] });
  });

  it.each(['fanned-out', 'failed'] as const)('begins nothing that comes after it while it is %s', (state) => {
    const after = { ...second, after: [{ version: '1', name: 'task_1' }] };
    const alone: RunRecord = { ...run, parent: OTHER_RUN, selection: [after] };
    expect(nextStep(alone, recordsOf(split(state, { run: OTHER_RUN })), NOW)).toMatchObject({
      kind: 'end',
      unmet: [{ version: '1' }],
    });
  });

  it('does not go on with it before what it comes after has succeeded', () => {
    const after = { ...first, after: [{ version: '2', name: 'task_2' }] };
    const alone: RunRecord = { ...run, parent: OTHER_RUN, selection: [after] };
    expect(nextStep(alone, recordsOf(split('failed')), NOW)).toMatchObject({
      kind: 'end',
      unmet: [{ version: '2' }],
    });
    expect(nextStep(alone, recordsOf(split('fanned-out', { run: RUN })), NOW)).toMatchObject({
      kind: 'fan-out',
    });
  });
});

it('a task that this run has executed, and another has broken off with since, is settled before it is claimed', () => {
  const stale = { run: OTHER_RUN, owner: 'o', leaseUntil: at(120), lastRun: RUN } as const;
  const record = split('running', { ...stale, children: undefined });
  expect(standing(unsplit, record, invoke, NOW)).toBe('broken-off');
  expect(standing(unsplit, { ...record, lastRun: OTHER_RUN }, invoke, NOW)).toBe('ready');
});
