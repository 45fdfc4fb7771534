import { describe, expect, it } from 'vitest';
import {
  childName,
  countChildren,
  outcomeOfChildren,
  progressOfChildren,
  stopOf,
  tellingChild,
} from '../../../functions/controller/children-outcome.ts';
import { PartyError } from '../../../functions/errors.ts';
import type { Child, Children, SplitTask, TaskRecord } from '../../../functions/ledger/index.ts';
import { at } from '../ledger/open-ledger.ts';
import { ARN, recordOf, runOf } from './party.ts';

const done = { state: 'succeeded', succeededAt: at(0), attempt: 1 } as const;
const failed = { state: 'failed', attempt: 1 } as const;
const doubted = { state: 'in-doubt', attempt: 1, reason: 'crashed' } as const;
const waiting = { state: 'pending', attempt: 0 } as const;
const left = { state: 'interrupted', attempt: 1, reason: 'no-file: it is gone' } as const;
const damaged = new PartyError('damaged-record', 'the ledger item pk "L#1", sk "0000002" is damaged');

type Standing = Omit<Extract<Child, { damaged?: never }>, 'number'> | PartyError;

function childrenOf(...standings: Standing[]): Child[] {
  return standings.map((standing, index) => {
    const number = index + 1;
    return standing instanceof PartyError ? { number, damaged: standing } : { number, ...standing };
  });
}

function taskOf(count: number, of: Children['of'] = 'keys', fields: Partial<TaskRecord> = {}): SplitTask {
  const children = { of, count, parallel: 10, plan: at(0) };
  return { ...recordOf('1', { state: 'fanned-out', ...fields }), children } as SplitTask;
}

const toldOf = (number: number, fields: Partial<TaskRecord>) => ({ number, record: recordOf('1', fields) });
const acme = toldOf(2, {
  state: 'failed',
  key: 'acme',
  error: { name: 'Error', message: 'HTTP 503', at: 'a.ts:7' },
});

describe('a task has come to', () => {
  it.each([
    [
      '1 of 64 failed: key "acme": Error: HTTP 503',
      childrenOf(failed, ...Array(63).fill(done)),
      acme,
      'failed',
    ],
    ['2 of 4 failed: key "acme": Error: HTTP 503', childrenOf(failed, failed, done, waiting), acme, 'failed'],
    [
      '1 of 3 in doubt: shard 3: crashed',
      childrenOf(failed, done, doubted),
      toldOf(3, { ...doubted, shard: { index: 2, count: 3 } }),
      'in-doubt',
    ],
    [
      `1 of 2 failed: ${damaged.message}`,
      childrenOf(done, damaged),
      { number: 2, record: damaged },
      'failed',
    ],
    [
      '2 of 3 left: key "acme": no-file: it is gone',
      childrenOf(done, left, left),
      toldOf(2, { ...left, key: 'acme' }),
      'interrupted',
    ],
    ['1 of 2 left', childrenOf(done, waiting), undefined, 'interrupted'],
  ] as const)('%s', (reason, children, told, state) => {
    expect(outcomeOfChildren(taskOf(children.length), children, undefined, told)).toMatchObject({
      state,
      reason,
    });
  });

  it('what its telling child threw, where, and what that logged', () => {
    const told = { ...acme, record: { ...acme.record, logs: ['info: begins'] } as TaskRecord };
    expect(outcomeOfChildren(taskOf(2), childrenOf(done, failed), undefined, told)).toMatchObject({
      error: { name: 'Error', message: 'HTTP 503', at: 'a.ts:7' },
      logs: ['info: begins'],
    });
  });

  it.each([
    ['3 keys', 'keys', childrenOf(done, done, done)],
    ['1 shard', 'shards', childrenOf(done)],
    ['30 items in 2 shards', 'shards', childrenOf(far(10), far(20))],
    ['1,203 of 12,000 items changed in 2 keys', 'keys', childrenOf(far(8_000, 1_200), far(4_000, 3))],
  ] as const)('%s where all have succeeded', (result, of, children) => {
    const outcome = outcomeOfChildren(taskOf(children.length, of), children, undefined, undefined);
    expect(outcome).toMatchObject({ state: 'succeeded', result });
  });

  it('a success, whatever was asked or whatever time was over, once all have succeeded', () => {
    const stopped = { state: 'cancelled', reason: 'too slow', by: ARN } as const;
    expect(outcomeOfChildren(taskOf(1), childrenOf(done), stopped, undefined).state).toBe('succeeded');
  });

  it('a success too where one that had succeeded failed when it was run again by hand', () => {
    const again = { ...failed, succeededAt: at(0) };
    expect(outcomeOfChildren(taskOf(2), childrenOf(done, again), undefined, undefined).state).toBe(
      'succeeded',
    );
  });

  it.each(['paused', 'cancelled'] as const)('%s where a person asked, whatever failed', (state) => {
    const stopped = { state, reason: 'too slow', by: ARN };
    const children = childrenOf(failed, waiting);
    expect(outcomeOfChildren(taskOf(2), children, stopped, acme)).toMatchObject(stopped);
  });

  it('interrupted where the time was over, but for what failed or is in doubt', () => {
    const stopped = { state: 'interrupted', reason: 'deploy timeout' } as const;
    const outcome = (...standings: Standing[]) =>
      outcomeOfChildren(taskOf(standings.length), childrenOf(...standings), stopped, acme);
    expect(outcome(done, waiting)).toMatchObject({
      state: 'interrupted',
      reason: 'deploy timeout; 1 of 2 left',
    });
    expect(outcome(failed, waiting).state).toBe('failed');
    expect(outcome(doubted, failed, waiting).state).toBe('in-doubt');
  });
});

function far(items: number, changed?: number): Standing {
  return { ...done, progress: { done: items, ...(changed === undefined ? {} : { changed }) } };
}

it('is told of the first in doubt, else failed, else stopped for a reason', () => {
  expect(tellingChild(childrenOf(done, failed, doubted, doubted))).toBe(3);
  expect(tellingChild(childrenOf(done, waiting, failed, failed))).toBe(3);
  expect(tellingChild(childrenOf(done, damaged, failed))).toBe(2);
  expect(tellingChild(childrenOf(done, waiting, left))).toBe(3);
  expect(tellingChild(childrenOf(done, waiting))).toBeUndefined();
});

it('counts the children by what people want to know of them', () => {
  const running = { state: 'running', attempt: 1, run: 'r', leaseUntil: at(9) } as const;
  const children = childrenOf(
    done,
    { ...failed, succeededAt: at(0) },
    failed,
    damaged,
    doubted,
    running,
    waiting,
    left,
  );
  expect(countChildren(children)).toEqual({ succeeded: 2, failed: 2, inDoubt: 1, running: 1, left: 2 });
});

describe('the progress of all', () => {
  it.each([
    [undefined, childrenOf(waiting, done)],
    [{ done: 30 }, childrenOf({ ...failed, progress: { done: 10, total: 20 } }, far(20))],
    // Two of four are known to have 20 each: about as much is expected of the others.
    [
      { done: 15, total: 80 },
      childrenOf(
        { ...failed, progress: { done: 10, total: 20 } },
        { ...failed, progress: { done: 5, total: 20 } },
        waiting,
        waiting,
      ),
    ],
    [{ done: 30, total: 30 }, childrenOf({ ...done, progress: { done: 30, total: 10 } })],
  ])('is %o', (expected, children) => {
    expect(progressOfChildren(children)).toEqual(expected);
  });
});

it('names children by key as JSON, cut short, and shards by number', () => {
  expect(childName(7, undefined)).toBe('shard 7');
  expect(childName(7, '')).toBe('key ""');
  expect(childName(7, 'a "b"\n#🦊')).toBe('key "a \\"b\\"\\n#🦊"');
  expect(childName(7, 'k'.repeat(4_096)).length).toBeLessThan(100);
});

describe('children are stopped', () => {
  const cancel = { by: ARN, at: at(1) };

  it.each([
    ['a pause of their task', { kind: 'pause' as const, ...cancel }, undefined, { state: 'paused', by: ARN }],
    [
      'a cancel of their task',
      { kind: 'cancel' as const, ...cancel, reason: 'slow' },
      undefined,
      { state: 'cancelled', reason: 'slow' },
    ],
    [
      'a cancel of their run',
      undefined,
      { cause: 'person' as const, ...cancel },
      { state: 'cancelled', by: ARN },
    ],
    [
      'a rollback',
      undefined,
      { cause: 'rollback' as const, ...cancel },
      { state: 'interrupted', reason: 'aborted: the stack is rolling back' },
    ],
    [
      'a Delete',
      undefined,
      { cause: 'delete' as const, ...cancel },
      { state: 'interrupted', reason: 'aborted: the stack is being deleted' },
    ],
  ])('by %s', (_, request, ofRun, expected) => {
    const task = taskOf(2, 'keys', request === undefined ? {} : { request });
    expect(stopOf(task, runOf([], ofRun === undefined ? {} : { request: ofRun }))).toMatchObject(expected);
  });

  it('by nothing else', () => {
    expect(stopOf(taskOf(2), runOf([]))).toBeUndefined();
  });
});
