import type { ManifestTask } from '../../functions/manifest.ts';
import fc from '../fast-check.ts';
import { choices, closed, long, type Operation, type Scenario } from './scenario.ts';
import { ALPHA, BRAVO, DELTA, ECHO, INDIA, KILO, LIMA, MIKE, NOVEMBER } from './task-pool.ts';

/** How a task comes into a state. */
const ways = {
  'no record': { task: ECHO, tasksDo: 'return', operations: [] },
  baselined: { task: DELTA, tasksDo: 'return', operations: [] },
  pending: { task: ECHO, tasksDo: 'return', operations: [{ kind: 'reset', task: ECHO, at: 'calm' }] },
  succeeded: { task: ALPHA, tasksDo: 'return', operations: [] },
  failed: { task: ALPHA, tasksDo: 'throw', operations: [] },
  'in-doubt': { task: BRAVO, tasksDo: 'throw', operations: [] },
  skipped: { task: ECHO, tasksDo: 'return', operations: [{ kind: 'skip', task: ECHO, at: 'calm' }] },
  cancelled: { task: ALPHA, tasksDo: 'obey', operations: [{ kind: 'cancel', when: 'while executing' }] },
  stale: {
    task: ECHO,
    tasksDo: 'obey',
    operations: [{ kind: 'invoke', task: ECHO, at: 'calm' }, { kind: 'lose' }, { kind: 'wait' }],
  },
  'failed unheard': {
    task: ECHO,
    tasksDo: 'obey',
    operations: [{ kind: 'invoke', task: ECHO, at: 'calm' }, { kind: 'lose runner' }],
  },
  'stale, at most once': {
    task: BRAVO,
    tasksDo: 'obey',
    operations: [{ kind: 'invoke', task: BRAVO, at: 'calm' }, { kind: 'lose' }, { kind: 'wait' }],
  },
  interrupted: {
    task: KILO,
    tasksDo: 'return',
    operations: [{ kind: 'invoke some items', task: KILO, at: 'calm' }],
  },
  paused: {
    task: KILO,
    tasksDo: 'return',
    operations: [
      { kind: 'invoke some items', task: KILO, at: 'calm' },
      { kind: 'pause', task: KILO, at: 'calm' },
    ],
  },
  'between slices': {
    task: KILO,
    tasksDo: 'last',
    operations: [{ kind: 'invoke', task: KILO, at: 'calm' }],
  },
  'with children that failed': {
    task: LIMA,
    tasksDo: 'throw',
    operations: [{ kind: 'invoke', task: LIMA, at: 'calm' }],
  },
  'among its children': {
    task: LIMA,
    tasksDo: 'last',
    operations: [{ kind: 'invoke', task: LIMA, at: 'calm' }],
  },
  'among its shards': { task: MIKE, tasksDo: 'last', operations: [] },
  'with children paused': {
    task: LIMA,
    tasksDo: 'last',
    operations: [
      { kind: 'invoke', task: LIMA, at: 'calm' },
      { kind: 'pause', task: LIMA, at: 'while executing' },
    ],
  },
  'with children in doubt': {
    task: NOVEMBER,
    tasksDo: 'throw',
    operations: [{ kind: 'invoke', task: NOVEMBER, at: 'calm' }],
  },
  'in the background': { task: INDIA, tasksDo: 'last', operations: [] },
} as const satisfies Record<string, Pick<Scenario, 'tasksDo' | 'operations'> & { task: ManifestTask }>;

export type From = keyof typeof ways;
export const states = Object.keys(ways) as From[];

/** Whether there is a child to be named, and whether that makes a difference. */
export function isOfInterest(from: From, act: Act): boolean {
  return ways[from].task.splits !== undefined || !act.includes(' a key');
}

/** What somebody does to a task before the last deploy. */
export const acts = [
  'nothing',
  'invoke',
  'skip',
  'mark-done',
  'baseline',
  'reset',
  'invoke twice',
  'invoke and cancel',
  'invoke from start',
  'invoke some items',
  'invoke a key',
  'mark a key done',
  'reset a key',
  'dry run',
  'pause',
  'resume',
  'cancel-task',
  'rate',
  'pause and resume',
  'cancel meanwhile',
  'deploy meanwhile',
] as const;
export type Act = (typeof acts)[number];

function operationsOf(act: Act, task: ManifestTask): readonly Operation[] {
  if (act === 'nothing') return [];
  if (act === 'invoke and cancel') {
    return [
      { kind: 'invoke', task, at: 'calm' },
      { kind: 'cancel', when: 'before a claim' },
    ];
  }
  if (act === 'pause and resume') {
    return [
      { kind: 'pause', task, at: 'while executing' },
      { kind: 'resume', task, at: 'calm' },
    ];
  }
  if (act === 'cancel meanwhile') return [{ kind: 'cancel-task', task, at: 'while executing' }];
  if (act === 'deploy meanwhile') {
    return [
      { kind: 'deploy', tasks: closed([task]), when: 'while executing' },
      { kind: 'pause', task, at: 'while executing' },
      { kind: 'deploy', tasks: closed([task]), when: 'ever' },
    ];
  }
  if (act !== 'invoke twice') return [{ kind: act, task, at: 'calm' }];
  return [
    { kind: 'invoke', task, at: 'calm' },
    { kind: 'invoke', task, at: 'ever' },
  ];
}

/** Histories in which somebody does something to a task in this state. */
export function fromState(from: From, act: Act): fc.Arbitrary<Scenario> {
  return fc.record({ ...long, choices }).map((chosen) => ({ ...certainAct(from, act), ...chosen }));
}

/** The one of them in which nothing is left to choose, so that it comes to it for certain. */
export function certainAct(from: From, act: Act): Scenario {
  const { task, tasksDo, operations } = ways[from];
  const deploy: Operation = { kind: 'deploy', tasks: closed([task]), when: 'ever' };
  return {
    isAdded: from !== 'baselined',
    ownsLedger: true,
    onFailure: 'fail-deploy',
    isThrottled: false,
    operations: [deploy, ...operations, ...operationsOf(act, task)],
    faults: [],
    tasksDo,
    batchSize: 1,
    concurrency: 1,
    stepsLimit: 1_000,
    choices: [],
  };
}
