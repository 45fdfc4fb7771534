import { describe, expect, it } from 'vitest';
import type { LedgerView } from '../../../functions/controller/ledger-view.ts';
import type { ControllerPorts } from '../../../functions/controller/ports.ts';
import { statusOf, taskDetails } from '../../../functions/controller/task-status.ts';
import { PartyError } from '../../../functions/errors.ts';
import type { PartyRecord, TaskRecord } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import { at } from '../ledger/open-ledger.ts';
import { config, deployed, manifestOf, OTHER_RUN, RUN, recordOf, runningRecord, runOf } from './party.ts';

function portsFor(
  tasks: ManifestTask[],
): Pick<ControllerPorts, 'manifest' | 'config' | 'now'> & ControllerPorts {
  // Only these are looked at: the status is a view of what was read.
  return {
    manifest: manifestOf(...tasks),
    config,
    now: () => Date.parse(at(30)),
  } as ControllerPorts;
}

const newEnvironment: PartyRecord = {
  schema: 1,
  summary: '',
  createdAt: at(0),
  newEnvironment: true,
  baselined: new Set(['1']),
};

function status(
  tasks: ManifestTask[],
  records: (TaskRecord | [string, PartyError])[] = [],
  party?: PartyRecord,
) {
  const view: LedgerView = {
    records: new Map(
      records.map((entry): [string, TaskRecord | PartyError] =>
        Array.isArray(entry) ? entry : [entry.version, entry],
      ),
    ),
    party,
  };
  return statusOf(portsFor(tasks), view);
}

const shown = (tasks: ReturnType<typeof status>) =>
  tasks.map(({ version, state, notes }) => [version, state, notes]);

describe('the state of a task', () => {
  it.each([
    ['never ran', deployed('1'), [], 'pending'],
    ['is by hand only', deployed('1', { when: 'manual' }), [], 'manual'],
    ['is of every deploy', deployed('1', { when: 'every-deploy' }), [], 'every-deploy'],
    ['is of another environment', deployed('1', { environments: ['staging'] }), [], 'manual'],
    ['has succeeded', deployed('1'), [recordOf('1')], 'succeeded'],
    [
      'of every deploy has succeeded',
      deployed('1', { when: 'every-deploy' }),
      [recordOf('1')],
      'every-deploy',
    ],
    [
      'of every deploy has failed',
      deployed('1', { when: 'every-deploy' }),
      [recordOf('1', { state: 'failed' })],
      'failed',
    ],
    ['was reset', deployed('1'), [recordOf('1', { state: 'pending' })], 'pending'],
    ['by hand was reset', deployed('1', { when: 'manual' }), [recordOf('1', { state: 'pending' })], 'manual'],
    ['is executed', deployed('1'), [runningRecord('1')], 'running'],
    ['was executed by what is over', deployed('1'), [runningRecord('1', { leaseUntil: at(29) })], 'stale'],
    ['is in doubt', deployed('1'), [recordOf('1', { state: 'in-doubt' })], 'in-doubt'],
  ] as const)('that %s', (_, task, records, expected) => {
    expect(status([task], [...records])).toMatchObject([{ state: expected }]);
  });

  it('that a new environment recorded instead of running it', () => {
    expect(shown(status([deployed('001')], [], newEnvironment))).toEqual([
      ['001', 'baselined', ['new-environment']],
    ]);
  });

  it('that a new environment recorded, and whose file is gone', () => {
    expect(shown(status([], [], newEnvironment))).toEqual([
      ['1', 'baselined', ['new-environment', 'no-file']],
    ]);
  });

  it('whose record is damaged, without hiding the others', () => {
    const damaged = new PartyError('damaged-record', 'attribute attempt is no number');
    const tasks = status([deployed('1'), deployed('2')], [['1', damaged]]);
    expect(shown(tasks)).toEqual([
      ['1', 'damaged', ['damaged: attribute attempt is no number']],
      ['2', 'pending', ['behind:task_1']],
    ]);
  });
});

describe('the notes of a task', () => {
  it('name what a pending task has to come after', () => {
    const tasks = [
      deployed('1', { name: 'fill', background: true }),
      deployed('2', { name: 'elsewhere', environments: ['staging'] }),
      deployed('3', { name: 'last', after: ['fill', 'elsewhere'] }),
    ];
    const notes = (record: TaskRecord) => shown(status(tasks, [record]))[2]?.[2];
    expect(notes(recordOf('1', { state: 'interrupted' }))).toEqual(['behind:fill']);
    expect(notes(recordOf('1'))).toEqual([]);
    expect(notes(recordOf('1', { state: 'skipped' }))).toEqual([]);
  });

  it('do not put others behind a background task that failed', () => {
    const tasks = [deployed('1', { background: true }), deployed('2')];
    expect(shown(status(tasks, [recordOf('1', { state: 'failed' })]))[1]).toEqual(['2', 'pending', []]);
  });

  it('say that its file changed since it ran', () => {
    const changed = deployed('1', { checksum: 'c2' });
    const ran = recordOf('1', { checksum: 'c1' });
    expect(shown(status([changed], [ran]))).toEqual([['1', 'succeeded', ['changed']]]);
    expect(shown(status([deployed('1')], [ran]))).toEqual([['1', 'succeeded', []]]);
    expect(shown(status([{ ...changed, when: 'every-deploy' }], [ran]))).toEqual([['1', 'every-deploy', []]]);
  });

  it.each(['interrupted', 'paused'] as const)('say so of what goes on later: %s', (state) => {
    const changed = deployed('1', { checksum: 'c2' });
    expect(shown(status([changed], [recordOf('1', { state, checksum: 'c1' })]))).toEqual([
      ['1', state, ['changed']],
    ]);
  });

  it.each(['pause', 'cancel'] as const)('say that a %s is requested', (kind) => {
    const record = runningRecord('1', { request: { kind, by: 'ann', at: at(5) } });
    expect(shown(status([deployed('1')], [record]))).toEqual([['1', 'running', [`${kind}-requested`]]]);
  });

  it('say that its file is gone', () => {
    expect(shown(status([], [recordOf('1')]))).toEqual([['1', 'succeeded', ['no-file']]]);
  });

  it('say in which environments deploys run it', () => {
    expect(shown(status([deployed('1', { environments: ['staging', 'test'] })]))).toEqual([
      ['1', 'manual', ['only-in:staging,test']],
    ]);
  });

  it.each([
    ['failed', {}, ['behind:task_1']],
    ['in-doubt', {}, ['behind:task_1']],
    ['succeeded', {}, []],
    ['skipped', {}, []],
    ['failed', { onFailure: 'continue' }, []],
    ['failed', { when: 'manual' }, []],
    ['failed', { environments: ['staging'] }, []],
  ] as const)('say what a pending task is behind: %s %j', (state, fields, expected) => {
    const first = deployed('1', { ...fields } as Partial<ManifestTask>);
    const tasks = status(
      [first, deployed('2'), deployed('3', { when: 'manual' })],
      [recordOf('1', { state })],
    );
    expect(tasks[1]?.notes).toEqual(expected);
    expect(tasks[2]?.notes).toEqual([]);
  });
});

describe('the status', () => {
  it('is in version order, as numbers', () => {
    const tasks = status([deployed('10'), deployed('9')], [recordOf('8'), recordOf('11')]);
    expect(tasks.map(({ version }) => version)).toEqual(['8', '9', '10', '11']);
  });

  it('has a value in every field', () => {
    const [never, ran] = status(
      [deployed('1'), deployed('2', { description: 'Restart the search' })],
      [recordOf('2', { result: { rows: 3 } })],
    );
    expect(never).toEqual({
      version: '1',
      name: 'task_1',
      description: 'task_1',
      when: 'once',
      tags: [],
      background: false,
      state: 'pending',
      notes: [],
      attempt: 0,
      lastRun: null,
      startedAt: null,
      finishedAt: null,
      durationMs: null,
      progress: null,
      split: null,
      rate: null,
      result: null,
      error: null,
      reason: null,
      summary: 'pending',
    });
    expect(ran).toMatchObject({
      description: 'Restart the search',
      attempt: 1,
      lastRun: RUN,
      durationMs: 12_000,
      result: { rows: 3 },
    });
  });

  it('names the run that executes a task', () => {
    expect(status([deployed('1')], [runningRecord('1', { run: OTHER_RUN, lastRun: RUN })])).toMatchObject([
      { lastRun: OTHER_RUN, finishedAt: null, durationMs: null },
    ]);
  });
});

describe('the progress of a task', () => {
  const progressOf = (record: TaskRecord) => status([deployed('1')], [record])[0]?.progress;
  const progress = { done: 110, total: 200, before: 10 };

  it('has a pace and the time left while it runs, since the first of its invocations began', () => {
    const running = runningRecord('1', { beganAt: at(10), startedAt: at(29), progress });
    expect(progressOf(running)).toEqual({ done: 110, total: 200, itemsPerSecond: 5, msLeft: 18_000 });
    expect(status([deployed('1')], [running])).toMatchObject([{ startedAt: at(10) }]);
  });

  it.each([
    ['has not moved yet', { done: 10, before: 10 }, { done: 10, total: null, itemsPerSecond: null }],
    ['knows no end', { done: 60, before: 0 }, { done: 60, total: null, itemsPerSecond: 2, msLeft: null }],
  ])('has no time left where it %s', (_, far, expected) => {
    expect(progressOf(runningRecord('1', { startedAt: at(0), progress: far }))).toMatchObject(expected);
  });

  it('has no higher pace than the rate that a person set meanwhile', () => {
    const fields = { startedAt: at(10), progress };
    expect(progressOf(runningRecord('1', { ...fields, rate: 2 }))).toMatchObject({
      ...{ itemsPerSecond: 2, msLeft: 45_000 },
    });
    expect(progressOf(runningRecord('1', { ...fields, rate: 50 }))).toMatchObject({ itemsPerSecond: 5 });
  });

  it('has no pace in its first moments, of which none can be told', () => {
    const running = runningRecord('1', { startedAt: at(29.5), progress: { done: 1, total: 200 } });
    expect(progressOf(running)).toEqual({ done: 1, total: 200, itemsPerSecond: null, msLeft: null });
  });

  it('has no pace where nothing runs', () => {
    const paused = recordOf('1', { state: 'paused', progress });
    expect(progressOf(paused)).toEqual({ done: 110, total: 200, itemsPerSecond: null, msLeft: null });
  });
});

describe('the details of a task', () => {
  const task = { version: '1', name: 'task_1', deployed: deployed('1') };
  const view = {
    records: new Map([['1', recordOf('1', { logs: ['a line'], cursor: { id: 'u-7' } })]]),
    party: undefined,
  };

  it('show the params of its last run, but the secret ones', () => {
    const run = runOf([], { params: { tenant: 'acme', token: 's3cr3t' }, secretParams: ['token'] });
    expect(taskDetails(portsFor([]), view, task, run)).toMatchObject({
      params: { tenant: 'acme' },
      logs: ['a line'],
      cursor: { id: 'u-7' },
      history: [],
    });
  });

  it('show no params where none were given', () => {
    expect(taskDetails(portsFor([]), view, task, runOf([]))).toMatchObject({ params: null });
    expect(taskDetails(portsFor([]), view, task, undefined)).toMatchObject({ params: null });
  });
});
