import { describe, expect, it } from 'vitest';
import type { LedgerView } from '../../../functions/controller/ledger-view.ts';
import type { PartyConfig } from '../../../functions/controller/ports.ts';
import {
  selectBackground,
  selectBaseline,
  selectDeploy,
  selectForDeploy,
  selectPending,
} from '../../../functions/controller/selection.ts';
import { PartyError } from '../../../functions/errors.ts';
import type { TaskRecord } from '../../../functions/ledger/index.ts';
import { at } from '../ledger/open-ledger.ts';
import { config, deployed, manifestOf, OTHER_RUN, recordOf } from './party.ts';

const NOTHING: LedgerView = { records: new Map(), party: undefined };

function recorded(...records: TaskRecord[]): LedgerView {
  return { records: new Map(records.map((record) => [record.version, record])), party: undefined };
}

const earlier = (state: TaskRecord['state'], fields: Partial<TaskRecord> = {}) =>
  recordOf('1', { state, lastRun: OTHER_RUN, ...fields });

const versions = (tasks: readonly { version: string }[]) => tasks.map(({ version }) => version);

describe('a deploy selects', () => {
  it('once-tasks in version order, then those of every deploy, and no manual ones', () => {
    const manifest = manifestOf(
      deployed('10'),
      deployed('3', { when: 'every-deploy' }),
      deployed('2', { when: 'manual' }),
      deployed('9'),
      deployed('1', { when: 'every-deploy' }),
    );
    expect(versions(selectForDeploy(manifest, NOTHING, config))).toEqual(['9', '10', '1', '3']);
  });

  it('a task that is split, whose splitting may be repeated whatever its children may', () => {
    const manifest = manifestOf(deployed('1', { splits: 'keys', delivery: 'at-most-once' }));

    expect(selectForDeploy(manifest, NOTHING, config)).toMatchObject([
      { delivery: 'at-least-once', childDelivery: 'at-most-once' },
    ]);
  });

  it('a task merged late, with an older version than what has run', () => {
    const view = recorded(recordOf('2', { lastRun: OTHER_RUN }));
    expect(versions(selectForDeploy(manifestOf(deployed('1'), deployed('2')), view, config))).toEqual(['1']);
  });

  it.each([
    ['pending', true],
    ['failed', true],
    ['in-doubt', true],
    ['succeeded', false],
    ['skipped', false],
    ['cancelled', false],
    ['baselined', false],
  ] as const)('a task that is %s: %s', (state, isSelected) => {
    const selection = selectForDeploy(manifestOf(deployed('1')), recorded(earlier(state)), config);
    expect(versions(selection)).toEqual(isSelected ? ['1'] : []);
  });

  it('not what succeeded before a re-run by hand failed', () => {
    const view = recorded(earlier('failed', { succeededAt: at(-60) }));
    expect(selectForDeploy(manifestOf(deployed('1')), view, config)).toEqual([]);
  });

  it('a task of every deploy, unless a person has dismissed it', () => {
    const manifest = manifestOf(deployed('1', { when: 'every-deploy' }));
    expect(selectForDeploy(manifest, recorded(earlier('succeeded')), config)).toHaveLength(1);
    expect(selectForDeploy(manifest, recorded(earlier('in-doubt')), config)).toHaveLength(1);
    expect(selectForDeploy(manifest, recorded(earlier('skipped')), config)).toEqual([]);
  });

  it('only tasks of its environment', () => {
    const manifest = manifestOf(
      deployed('1', { environments: ['staging'] }),
      deployed('2', { environments: ['staging', 'production'] }),
      deployed('3', { environments: ['staging'], when: 'every-deploy' }),
    );
    expect(versions(selectForDeploy(manifest, NOTHING, config))).toEqual(['2']);
  });

  it('not what a new environment has recorded as baselined, unless it has a record', () => {
    const party = {
      schema: 1 as const,
      summary: '',
      createdAt: at(0),
      newEnvironment: true,
      baselined: new Set(['1']),
    };
    const manifest = manifestOf(deployed('001'));
    expect(selectForDeploy(manifest, { ...NOTHING, party }, config)).toEqual([]);
    const reset = { ...recorded(earlier('pending')), party };
    expect(selectForDeploy(manifest, reset, config)).toHaveLength(1);
  });

  it('a task whose record is damaged, so that it is not passed over in silence', () => {
    const records = new Map([['1', new PartyError('damaged-record', 'it is damaged')]]);
    const view = { records, party: undefined };
    expect(selectForDeploy(manifestOf(deployed('1')), view, config)).toHaveLength(1);
  });

  it('what it waits for, apart from what it starts after its commit', () => {
    const manifest = manifestOf(
      deployed('1', { background: true }),
      deployed('2'),
      deployed('3', { background: true, when: 'every-deploy' }),
      deployed('4', { background: true, when: 'manual' }),
      deployed('5', { background: true, environments: ['staging'] }),
      deployed('6', { background: true }),
    );
    const view = recorded(recordOf('6', { lastRun: OTHER_RUN }));
    expect(versions(selectForDeploy(manifest, view, config))).toEqual(['2']);
    expect(versions(selectBackground(manifest, view, config))).toEqual(['1', '3']);
  });

  it('with what must have succeeded first, but for what deploys here leave out or have baselined', () => {
    const manifest = manifestOf(
      deployed('1', { name: 'first' }),
      deployed('2', { name: 'elsewhere', environments: ['staging'] }),
      deployed('3', { name: 'before_our_time' }),
      deployed('4', { name: 'last', after: ['first', 'elsewhere', 'before_our_time'] }),
    );
    const party = {
      schema: 1,
      summary: '',
      createdAt: at(0),
      newEnvironment: true,
      baselined: new Set(['3']),
    } as const;
    expect(selectForDeploy(manifest, { records: new Map(), party }, config)).toMatchObject([
      { name: 'first' },
      { name: 'last', after: [{ version: '1', name: 'first' }] },
    ]);
  });

  it('nothing where a task is after what is no task, for it might have to be', () => {
    const manifest = manifestOf(deployed('1', { name: 'last', after: ['frist'] }));
    expect(() => selectForDeploy(manifest, NOTHING, config)).toThrow('task 1_last is after "frist"');
  });

  it('each with its own onFailure, else the party has one', () => {
    const own = manifestOf(deployed('1', { onFailure: 'continue' }));
    const without = manifestOf(deployed('1'));
    const lenient: PartyConfig = { ...config, onFailure: 'continue' };
    expect(selectForDeploy(own, NOTHING, config)).toMatchObject([{ onFailure: 'continue' }]);
    expect(selectForDeploy(without, NOTHING, lenient)).toMatchObject([{ onFailure: 'continue' }]);
  });
});

describe('a selection that would not fit in the run’s item', () => {
  const many = manifestOf(...Array.from({ length: 4_000 }, (_, index) => deployed(`${index + 1}`)));

  const half = manifestOf(
    ...many.tasks.map((task, index) => ({ ...task, ...(index % 2 === 0 && { background: true }) })),
  );

  it.each([
    ['a deploy', () => selectForDeploy(many, NOTHING, config)],
    ['a deploy whose tasks are only too many together', () => selectDeploy(half, NOTHING, config)],
    ['run', () => selectPending(many, NOTHING, config, false)],
  ] as const)('fails %s with what to do about it', (_, select) => {
    expect(select).toThrow('4000 tasks are pending, more than one run can hold');
  });
});

describe('run selects', () => {
  const manifest = manifestOf(
    deployed('3', { when: 'manual' }),
    deployed('2', { when: 'every-deploy' }),
    deployed('1'),
    deployed('4', { environments: ['staging'] }),
  );

  it('what is pending', () => {
    expect(versions(selectPending(manifest, NOTHING, config, false))).toEqual(['1']);
  });

  it('with --all the manual ones too, but what has succeeded', () => {
    expect(versions(selectPending(manifest, NOTHING, config, true))).toEqual(['1', '3']);
    const view = recorded(recordOf('3', { lastRun: OTHER_RUN }));
    expect(versions(selectPending(manifest, view, config, true))).toEqual(['1']);
  });
});

describe('a new environment baselines', () => {
  it('what the party, or the task, says', () => {
    const manifest = manifestOf(
      deployed('1'),
      deployed('2', { newEnvironment: 'run' }),
      deployed('3', { when: 'every-deploy' }),
      deployed('4', { newEnvironment: 'baseline' }),
    );
    expect(selectBaseline(manifest, { ...config, newEnvironment: 'baseline' })).toEqual(['1', '4']);
    expect(selectBaseline(manifest, config)).toEqual(['4']);
  });
});
