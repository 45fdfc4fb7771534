import { describe, expect, it } from 'vitest';
import type { ManifestTask } from '../../functions/manifest.ts';
import { checkOrder } from '../../lib/task-order.ts';
import fc from '../fast-check.ts';

type Fields = Partial<ManifestTask>;

function task(version: number, name: string, fields: Fields = {}): ManifestTask {
  return {
    version: String(version),
    name,
    file: `${version}_${name}.ts`,
    checksum: '',
    description: name,
    when: 'once',
    delivery: 'at-least-once',
    tags: [],
    iterates: false,
    takesParams: false,
    secretParams: [],
    ...fields,
  };
}

const BACKGROUND: Fields = { background: true };
const ALWAYS: Fields = { when: 'every-deploy' };
const MANUAL: Fields = { when: 'manual' };

describe('checkOrder', () => {
  it.each<[string, Fields, Fields]>([
    ['a task after an earlier one', {}, {}],
    ['a task after an earlier one in the background', BACKGROUND, {}],
    ['a task of every deploy after an earlier one of every deploy', ALWAYS, ALWAYS],
    ['a task after an earlier one that is run by hand', MANUAL, {}],
  ])('accepts %s', (_, earlier, later) => {
    checkOrder([task(1, 'first', earlier), task(2, 'second', { ...later, after: ['first'] })]);
  });

  it.each<[string, Fields, Fields]>([
    ['a background task', BACKGROUND, {}],
    ['a background task after a background task', BACKGROUND, BACKGROUND],
    ['a task of every deploy', ALWAYS, {}],
    ['a task that is run by hand', MANUAL, {}],
  ])('lets %s come after a later version', (_, fields, later) => {
    checkOrder([task(1, 'first', { ...fields, after: ['second'] }), task(2, 'second', later)]);
  });

  it.each<[string, Fields, Fields, string]>([
    [
      'an unknown name',
      { after: ['secnod'] },
      {},
      '1_first.ts is after "secnod", and there is no such task: did you mean "second"?',
    ],
    ['itself', { after: ['first'] }, {}, '1_first.ts is after "first", which is the task itself'],
    ['a later version', { after: ['second'] }, {}, 'give 1_first.ts a version above 2'],
    [
      'a later version in the background',
      { after: ['second'] },
      BACKGROUND,
      'give 1_first.ts a version above 2',
    ],
    [
      'a task of every deploy',
      { after: ['second'] },
      ALWAYS,
      'which runs on every deploy, after the tasks that run once',
    ],
  ])('fails for a task after %s', (_, first, second, message) => {
    const tasks = [task(1, 'first', first), task(2, 'second', second)];
    expect(() => checkOrder(tasks)).toThrow(message);
  });

  it('fails for every file that is wrong, in one error', () => {
    const tasks = [task(1, 'a', { after: ['x'] }), task(2, 'b', { after: ['y', 'a'] })];
    expect(() => checkOrder(tasks)).toThrow(/1_a\.ts is after "x".*\n2_b\.ts is after "y"/);
  });

  it('fails for a circle, and shows it', () => {
    const tasks = [
      task(1, 'outside', { ...BACKGROUND, after: ['a'] }),
      task(2, 'a', { ...BACKGROUND, after: ['b'] }),
      task(3, 'b', { ...BACKGROUND, after: ['c'] }),
      task(4, 'c', { ...BACKGROUND, after: ['a'] }),
    ];
    expect(() => checkOrder(tasks)).toThrow(
      'a is after b is after c is after a: none of them could ever begin',
    );
  });

  it('accepts background tasks exactly where some order of them exists', () => {
    const links = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 12 });
    fc.assert(
      fc.property(links, (pairs) => {
        const after = (index: number) => [
          ...new Set(pairs.filter(([from, to]) => from === index && to !== index).map(([, to]) => `t${to}`)),
        ];
        const tasks = Array.from({ length: 7 }, (_, index) =>
          task(index, `t${index}`, { ...BACKGROUND, after: after(index) }),
        );
        if (canAllBegin(tasks)) checkOrder(tasks);
        else expect(() => checkOrder(tasks)).toThrow('none of them could ever begin');
      }),
    );
  });
});

/** Takes away what has nothing left to wait for, until nothing can be. */
function canAllBegin(tasks: readonly ManifestTask[]): boolean {
  let left = tasks;
  for (;;) {
    const names = new Set(left.map(({ name }) => name));
    const waiting = left.filter(({ after = [] }) => after.some((name) => names.has(name)));
    if (waiting.length === left.length) return left.length === 0;
    left = waiting;
  }
}
