import { describe, expect, it } from 'vitest';
import { nextStep, standing } from '../../../functions/controller/next-step.ts';
import { type TaskRecord, taskStates } from '../../../functions/ledger/index.ts';
import fc from '../../fast-check.ts';
import { at } from '../ledger/open-ledger.ts';
import { OTHER_RUN, RUN, recordOf, recordsOf, runningRecord, runOf, selectedTask } from './party.ts';

const NOW = Date.parse(at(30));
const LATER = Date.parse(at(61));
const first = selectedTask('1');
const second = selectedTask('2');
const third = selectedTask('3');

describe('the next step', () => {
  it('runs all pending tasks, in order', () => {
    expect(nextStep(runOf([first, second]), new Map(), NOW)).toEqual({ kind: 'run', versions: ['1', '2'] });
  });

  it('ends a run that selected nothing', () => {
    expect(nextStep(runOf([]), new Map(), NOW)).toMatchObject({ kind: 'end', stopped: undefined });
  });

  it('goes on behind what has succeeded', () => {
    expect(nextStep(runOf([first, second]), recordsOf(recordOf('1')), NOW)).toEqual({
      kind: 'run',
      versions: ['2'],
    });
  });

  it('stops at a task that failed in this run', () => {
    const records = recordsOf(recordOf('1', { state: 'failed' }));
    expect(nextStep(runOf([first, second]), records, NOW)).toEqual({
      kind: 'end',
      stopped: first,
      held: false,
    });
  });

  it('goes on behind a failure that only is to be said', () => {
    const tolerated = { ...first, onFailure: 'continue' as const };
    const records = recordsOf(recordOf('1', { state: 'failed' }));
    expect(nextStep(runOf([tolerated, second]), records, NOW)).toEqual({ kind: 'run', versions: ['2'] });
  });

  it('runs again what failed in an earlier run', () => {
    const records = recordsOf(recordOf('1', { state: 'failed', lastRun: OTHER_RUN }));
    expect(nextStep(runOf([first]), records, NOW)).toEqual({ kind: 'run', versions: ['1'] });
  });

  it('waits for a task that another run executes, and starts nothing behind it', () => {
    const held = runningRecord('1', { run: OTHER_RUN });
    const step = nextStep(runOf([first, second]), recordsOf(held), NOW);
    expect(step).toEqual({ kind: 'wait', until: Date.parse(at(60)), task: first });
  });

  it('runs what comes before a task that another run executes', () => {
    const records = recordsOf(runningRecord('2', { run: OTHER_RUN }));
    expect(nextStep(runOf([first, second, third]), records, NOW)).toEqual({ kind: 'run', versions: ['1'] });
  });

  it.each(['run', 'invoke'] as const)('does not let a person wait for another run (%s)', (trigger) => {
    const records = recordsOf(runningRecord('1', { run: OTHER_RUN }));
    expect(nextStep(runOf([first], { trigger }), records, NOW)).toEqual({
      kind: 'end',
      stopped: first,
      held: true,
    });
  });

  it('starts nothing once the run is cancelled, and waits for what it executes itself', () => {
    const request = { cause: 'person', by: 'ann', at: at(1) } as const;
    const run = runOf([first, second], { request });
    expect(nextStep(run, new Map(), NOW)).toMatchObject({ kind: 'end', stopped: first });
    expect(nextStep(run, recordsOf(runningRecord('1')), NOW)).toMatchObject({ kind: 'wait', task: first });
    expect(nextStep(run, recordsOf(runningRecord('1', { run: OTHER_RUN })), NOW)).toMatchObject({
      kind: 'end',
      held: false,
    });
  });

  it('settles its own task whose invocation is over', () => {
    const record = runningRecord('1');
    expect(nextStep(runOf([first]), recordsOf(record), LATER)).toEqual({
      kind: 'settle',
      task: first,
      record,
    });
  });

  it('takes over a broken off task of another run, unless it may have had its effect', () => {
    const record = runningRecord('1', { run: OTHER_RUN });
    const atMostOnce = { ...first, delivery: 'at-most-once' as const };
    const succeededBefore = { ...record, succeededAt: at(-60) };
    expect(nextStep(runOf([first]), recordsOf(record), LATER)).toEqual({ kind: 'run', versions: ['1'] });
    expect(nextStep(runOf([atMostOnce]), recordsOf(record), LATER)).toMatchObject({ kind: 'settle' });
    expect(nextStep(runOf([first]), recordsOf(succeededBefore), LATER)).toMatchObject({ kind: 'settle' });
  });

  it('tells one invocation at most a thousand tasks', () => {
    const selection = Array.from({ length: 1_500 }, (_, index) => selectedTask(String(index + 1)));
    const step = nextStep(runOf(selection), new Map(), NOW);
    expect(step.kind === 'run' && step.versions).toHaveLength(1_000);
  });
});

describe('where a task stands', () => {
  it.each([
    ['pending', 'ready'],
    ['succeeded', 'done'],
    ['skipped', 'done'],
    ['cancelled', 'done'],
    ['baselined', 'done'],
    ['in-doubt', 'failed'],
    ['failed', 'ready'],
    ['interrupted', 'ready'],
    ['paused', 'done'],
  ] as const)('%s by an earlier run is %s to a deploy', (state, expected) => {
    const record = recordOf('1', { state, lastRun: OTHER_RUN });
    expect(standing(first, record, runOf([first]), NOW)).toBe(expected);
  });

  it.each(['paused', 'cancelled'] as const)('%s in this run lets the rest go on', (state) => {
    const records = recordsOf(recordOf('1', { state, reason: 'by ann' }));
    expect(nextStep(runOf([first, second]), records, NOW)).toEqual({ kind: 'run', versions: ['2'] });
  });

  it('what yielded goes on in the same run, whatever started it', () => {
    const yielded = recordOf('1', { state: 'interrupted' });
    for (const trigger of ['deploy', 'run', 'invoke'] as const) {
      const run = runOf([first], { trigger, limit: 5 });
      expect(standing(first, yielded, run, NOW)).toBe('ready');
    }
  });

  it('what was stopped does not: that fails the run, but for its own limit', () => {
    const stopped = recordOf('1', { state: 'interrupted', reason: 'deploy timeout' });
    expect(standing(first, stopped, runOf([first]), NOW)).toBe('failed');
    expect(standing(first, stopped, runOf([first], { trigger: 'invoke' }), NOW)).toBe('failed');
    expect(standing(first, stopped, runOf([first], { trigger: 'invoke', limit: 5 }), NOW)).toBe('done');
    expect(standing(first, { ...stopped, lastRun: OTHER_RUN }, runOf([first]), NOW)).toBe('ready');
  });

  it('a deploy resumes nothing that succeeded before it was run again by hand', () => {
    const record = recordOf('1', { state: 'interrupted', lastRun: OTHER_RUN, succeededAt: at(-60) });
    expect(standing(first, record, runOf([first]), NOW)).toBe('done');
  });

  it('a paused task of every deploy is left alone', () => {
    const task = { ...first, when: 'every-deploy' as const };
    const record = recordOf('1', { state: 'paused', lastRun: OTHER_RUN });
    expect(standing(task, record, runOf([task]), NOW)).toBe('done');
  });

  it('ends a dry run of what had broken off, and so is left', () => {
    const run = runOf([first], { trigger: 'invoke', dryRun: true });
    const history = [{ attempt: 2, state: 'dry run: succeeded', at: at(40), run: RUN }];
    const record = runningRecord('1', { run: OTHER_RUN, lastRun: RUN, history });

    expect(standing(first, record, run, LATER)).toBe('done');
  });

  it.each([
    ['dry run: succeeded', 'done'],
    ['dry run: interrupted', 'done'],
    ['dry run: failed', 'failed'],
    ['dry run: in-doubt', 'failed'],
  ] as const)('after a %s it is %s, whatever its record says', (state, expected) => {
    const run = runOf([first], { trigger: 'invoke', dryRun: true });
    const history = [
      { attempt: 1, state: 'failed', at: at(1), run: OTHER_RUN },
      { attempt: 2, state, at: at(2), run: RUN },
    ];
    for (const before of taskStates) {
      // No dry run leaves these.
      if (before === 'running' || before === 'fanned-out') continue;
      expect(standing(first, recordOf('1', { state: before, history }), run, NOW)).toBe(expected);
      const elsewhere = recordOf('1', { state: before, history, lastRun: OTHER_RUN });
      expect(standing(first, elsewhere, run, NOW)).toBe('ready');
    }
  });

  it('a re-run by hand that failed does not make it pending', () => {
    const record = recordOf('1', { state: 'failed', lastRun: OTHER_RUN, succeededAt: at(-60) });
    expect(standing(first, record, runOf([first]), NOW)).toBe('done');
  });

  it.each(['succeeded', 'failed', 'in-doubt'] as const)(
    'a task of every deploy is ready again: %s',
    (state) => {
      const task = { ...first, when: 'every-deploy' as const };
      expect(standing(task, recordOf('1', { state, lastRun: OTHER_RUN }), runOf([task]), NOW)).toBe('ready');
    },
  );

  it.each(['succeeded', 'failed', 'in-doubt', 'skipped', 'cancelled', 'paused'] as const)(
    'a person who names it runs it again: %s',
    (state) => {
      const run = runOf([first], { trigger: 'invoke' });
      expect(standing(first, recordOf('1', { state, lastRun: OTHER_RUN }), run, NOW)).toBe('ready');
      expect(standing(first, recordOf('1', { state }), run, NOW)).not.toBe('ready');
    },
  );
});

const anyRecord: fc.Arbitrary<TaskRecord | undefined> = fc.option(
  fc
    .record({
      state: fc.constantFrom(...taskStates),
      mine: fc.boolean(),
      lease: fc.integer({ min: 0, max: 60 }),
      hasSucceeded: fc.boolean(),
      reason: fc.option(fc.constant('deploy timeout'), { nil: undefined }),
    })
    .map(({ state, mine, lease, hasSucceeded, reason }) => {
      const run = mine ? RUN : OTHER_RUN;
      const succeeded = hasSucceeded ? { succeededAt: at(-60) } : {};
      return state === 'running'
        ? runningRecord('1', { run, leaseUntil: at(lease), ...succeeded })
        : recordOf('1', { state, lastRun: run, reason, ...succeeded });
    }),
  { nil: undefined },
);

const anySituation = fc
  .array(
    fc.record({
      onFailure: fc.constantFrom('fail-deploy' as const, 'continue' as const),
      when: fc.constantFrom('once' as const, 'every-deploy' as const, 'manual' as const),
      delivery: fc.constantFrom('at-least-once' as const, 'at-most-once' as const),
      record: anyRecord,
    }),
    { maxLength: 6 },
  )
  .chain((tasks) =>
    fc.record({
      trigger: fc.constantFrom('deploy' as const, 'run' as const, 'invoke' as const),
      cancelled: fc.boolean(),
      limit: fc.option(fc.constant(5), { nil: undefined }),
      tasks: fc.constant(tasks),
    }),
  )
  .map(({ trigger, cancelled, limit, tasks }) => {
    const selection = tasks.map(({ record, ...fields }, index) => selectedTask(String(index + 1), fields));
    const records = new Map<string, TaskRecord>();
    tasks.forEach(({ record }, index) => {
      if (record !== undefined) records.set(String(index + 1), { ...record, version: String(index + 1) });
    });
    const request = { cause: 'person', by: 'ann', at: at(1) } as const;
    return { run: runOf(selection, { trigger, limit, ...(cancelled ? { request } : {}) }), records };
  });

describe('in any situation', () => {
  it('no task is begun before all earlier ones are settled or begin with it', () => {
    fc.assert(
      fc.property(anySituation, ({ run, records }) => {
        const step = nextStep(run, records, NOW);
        if (step.kind !== 'run') return;
        const selection = run.selection ?? [];
        const last = selection.findIndex(({ version }) => version === step.versions.at(-1));
        const before = selection.slice(0, last).filter(({ version }) => !step.versions.includes(version));
        for (const task of before) {
          const stands = standing(task, records.get(task.version), run, NOW);
          expect(stands === 'done' || (stands === 'failed' && task.onFailure === 'continue')).toBe(true);
        }
        expect(step.versions).toEqual(
          selection.map(({ version }) => version).filter((version) => step.versions.includes(version)),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('a cancelled run begins nothing', () => {
    fc.assert(
      fc.property(anySituation, ({ run, records }) => {
        if (run.request !== undefined) expect(nextStep(run, records, NOW).kind).not.toBe('run');
      }),
    );
  });

  it('only what nobody executes is begun or settled', () => {
    fc.assert(
      fc.property(anySituation, ({ run, records }) => {
        const step = nextStep(run, records, NOW);
        const touched =
          step.kind === 'run' ? step.versions : step.kind === 'settle' ? [step.task.version] : [];
        for (const version of touched) {
          const record = records.get(version);
          const isHeld = record?.state === 'running' && Date.parse(record.leaseUntil ?? '') >= NOW;
          expect(isHeld).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('nothing is begun that a person has paused, or that was stopped in this run', () => {
    fc.assert(
      fc.property(anySituation, ({ run, records }) => {
        const step = nextStep(run, records, NOW);
        if (step.kind !== 'run') return;
        for (const version of step.versions) {
          const record = records.get(version);
          if (record?.state === 'paused')
            expect([run.trigger, record.lastRun]).toEqual(['invoke', OTHER_RUN]);
          if (record?.lastRun === RUN) expect(['pending', 'interrupted']).toContain(record.state);
          if (record?.lastRun === RUN && record.state === 'interrupted')
            expect(record.reason).toBeUndefined();
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('a run without an open task ends', () => {
    fc.assert(
      fc.property(anySituation, ({ run, records }) => {
        const selection = run.selection ?? [];
        const isOver = selection.every(
          (task) => standing(task, records.get(task.version), run, NOW) === 'done',
        );
        if (isOver) expect(nextStep(run, records, NOW)).toMatchObject({ kind: 'end', stopped: undefined });
      }),
    );
  });
});
