import { describe, expect, it } from 'vitest';
import { nextStep } from '../../../functions/controller/next-step.ts';
import { outcomeOf } from '../../../functions/controller/outcome.ts';
import type { RunRecord, TaskRecord } from '../../../functions/ledger/index.ts';
import { at } from '../ledger/open-ledger.ts';
import { config, OTHER_RUN, recordOf, recordsOf, runningRecord, runOf, selectedTask } from './party.ts';

const NOW = Date.parse(at(30));
const AFTER_ONE = { after: [{ version: '1', name: 'task_1' }] };
const LATER = selectedTask('2', AFTER_ONE);
const earlier = (state: TaskRecord['state'], fields: Partial<TaskRecord> = {}) =>
  recordOf('1', { state, lastRun: OTHER_RUN, ...fields });

function stepOf(run: RunRecord, ...records: TaskRecord[]) {
  return nextStep(run, recordsOf(...records), NOW);
}

describe('a task after another', () => {
  it.each<[string, TaskRecord]>([
    ['has succeeded', earlier('succeeded')],
    ['was skipped by a person', earlier('skipped')],
    ['was baselined', earlier('baselined')],
    ['has succeeded before it failed when run again by hand', earlier('failed', { succeededAt: at(1) })],
  ])('runs once that one %s', (_, record) => {
    expect(stepOf(runOf([LATER]), record)).toEqual({ kind: 'run', versions: ['2'] });
  });

  it.each<[string, TaskRecord[]]>([
    ['has not run', []],
    ['was reset', [earlier('pending')]],
    ['failed', [earlier('failed')]],
    ['is in doubt', [earlier('in-doubt')]],
    ['was cancelled', [earlier('cancelled')]],
    ['was interrupted', [earlier('interrupted')]],
    ['is paused', [earlier('paused')]],
    ['is being executed', [runningRecord('1', { run: OTHER_RUN })]],
  ])('stops a deploy where that one %s', (_, records) => {
    expect(stepOf(runOf([LATER]), ...records)).toEqual({
      kind: 'end',
      stopped: LATER,
      held: false,
      unmet: AFTER_ONE.after,
    });
  });

  it('is handed to the runner only when what the same run executes first has succeeded', () => {
    const run = runOf([selectedTask('1'), LATER, selectedTask('3')]);
    expect(stepOf(run)).toEqual({ kind: 'run', versions: ['1'] });
    expect(stepOf(run, recordOf('1'))).toEqual({ kind: 'run', versions: ['2', '3'] });
  });

  it('of every deploy runs only after this run has executed that one, too', () => {
    const always = { when: 'every-deploy' } as const;
    const run = runOf([selectedTask('1', always), selectedTask('2', { ...always, ...AFTER_ONE })]);
    expect(stepOf(run, earlier('succeeded'), recordOf('2', { lastRun: OTHER_RUN }))).toEqual({
      kind: 'run',
      versions: ['1'],
    });
    const failed = recordOf('1', { state: 'failed', succeededAt: at(0) });
    expect(nextStep({ ...run, selection: tolerated(run) }, recordsOf(failed), NOW)).toMatchObject({
      kind: 'end',
      unmet: [{ version: '1' }],
    });
  });

  it('whose failures are tolerated is passed over', () => {
    const tolerant = selectedTask('2', { ...AFTER_ONE, onFailure: 'continue' });
    expect(stepOf(runOf([tolerant, selectedTask('3')]))).toEqual({ kind: 'run', versions: ['3'] });
  });

  it('is no reason of its own for a run that was cancelled', () => {
    const request = { cause: 'person', by: 'ann', at: at(1) } as const;
    expect(stepOf(runOf([LATER], { request }))).toEqual({ kind: 'end', stopped: LATER, held: false });
  });
});

/** The first task's failures do not stop the run. */
function tolerated({ selection = [] }: RunRecord) {
  return selection.map((task, index) => (index === 0 ? { ...task, onFailure: 'continue' as const } : task));
}

describe('what CloudFormation is told of a task that must run after others', () => {
  it('names them, their states and where to look', () => {
    const missing = [...AFTER_ONE.after, { version: '0', name: 'task_0' }];
    const outcome = outcomeOf(
      runOf([LATER]),
      recordsOf(earlier('failed')),
      { because: 'unready', task: LATER, missing },
      config,
    );
    expect(outcome).toMatchObject({ state: 'failed', status: 'FAILED', stopped: true });
    expect(outcome.text).toBe(
      'task 2_task_2 must run after 1_task_1 (failed) and 0_task_0 (pending), which have not succeeded. ' +
        '0 tasks ran, 0 failed, 1 not started. See what it waits for: npx after-party show 1 0 --stack Shop-prod',
    );
  });

  it('says so, too, where the deploy goes on', () => {
    const run = runOf([selectedTask('2', { ...AFTER_ONE, onFailure: 'continue' }), selectedTask('3')]);
    const outcome = outcomeOf(run, recordsOf(recordOf('3')), { because: 'done' }, config);
    expect(outcome).toMatchObject({ state: 'failed', status: 'SUCCESS' });
    expect(outcome.text).toContain('the deploy goes on: task 2_task_2 must run after 1_task_1 (pending)');
  });
});
