import type { WriteSite } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import fc from '../fast-check.ts';
import { deployedFor, isOfLongWork, needed, provokedBy } from './reaching.ts';
import type { Fault } from './simulated-table.ts';
import { ALPHA, DELTA, INDIA, JULIET, pool } from './task-pool.ts';

/** What is done from outside, in this order, as soon as it is possible and its turn comes. */
export type Operation =
  | { readonly kind: 'deploy'; readonly tasks: readonly ManifestTask[]; readonly when: Moment }
  /**
   * A person cancels a run, another resource of the stack fails while the deploy waits for its tasks, or the
   * stack is deleted.
   */
  | { readonly kind: 'cancel' | 'fail elsewhere' | 'destroy'; readonly when: Moment }
  | { readonly kind: 'run'; readonly all: boolean }
  /** Calm means that nothing else is under way. */
  | { readonly kind: OnTask; readonly task: ManifestTask; readonly at: 'ever' | 'calm' | 'while executing' }
  /** The machine on which a person's run is driven dies with it. */
  | { readonly kind: 'lose' }
  /** The connection to a runner is lost, which then dies unheard. */
  | { readonly kind: 'lose runner' }
  /** Every lease runs out. */
  | { readonly kind: 'wait' };
/** Before a claim, of a task or of a child, is after the runner has seen that the run is to go on. */
export type Moment = 'ever' | 'before a claim' | 'before a child' | 'while executing';
/** The write that such a moment is before. */
export const CLAIM_BEFORE: Partial<Record<Moment, WriteSite>> = {
  'before a claim': 'task.claim',
  'before a child': 'child.claim',
};
export type OnTask =
  | 'invoke'
  | 'invoke from start'
  | 'invoke some items'
  | 'invoke a key'
  | 'dry run'
  | 'skip'
  | 'mark-done'
  | 'baseline'
  | 'mark a key done'
  | 'reset'
  | 'reset a key'
  | 'pause'
  | 'resume'
  | 'cancel-task'
  | 'rate';

/** The fault at the write after so many others of its site. */
export interface PlannedFault {
  readonly site: WriteSite;
  readonly fault: Fault;
  readonly after: number;
}

/** One history, but for the code under test. */
export interface Scenario {
  /** Whether the stack was there before the party. */
  readonly isAdded: boolean;
  readonly ownsLedger: boolean;
  readonly onFailure: 'fail-deploy' | 'continue';
  /** Whether CloudFormation says for minutes that it is asked too often. */
  readonly isThrottled: boolean;
  readonly operations: readonly Operation[];
  readonly faults: readonly PlannedFault[];
  /** What the tasks' functions do; `obey` is to end only when they are told to, `last` to take 15 s for an item. */
  readonly tasksDo: 'return' | 'throw' | 'obey' | 'last' | 'anything';
  readonly batchSize: number;
  readonly concurrency: number;
  /** After how many steps another execution goes on with a run. */
  readonly stepsLimit: number;
  readonly choices: readonly number[];
}

export const long = {
  batchSize: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  stepsLimit: fc.constantFrom(3, 7, 1_000),
};
export const choices: fc.Arbitrary<number[]> = fc.array(fc.nat(239), { maxLength: 400, size: 'max' });
const someTask = fc.oneof(fc.constant(ALPHA), fc.constantFrom(...pool));
const someTasks = fc.subarray([...pool], { minLength: 1 }).map(closed);

/** With what they come after. */
export function closed(tasks: readonly ManifestTask[]): ManifestTask[] {
  return tasks.includes(JULIET) ? [...new Set([...tasks, INDIA])] : [...tasks];
}

const onTask: readonly OnTask[] = [
  'invoke',
  'invoke from start',
  'invoke some items',
  'invoke a key',
  'dry run',
  'skip',
  'mark-done',
  'baseline',
  'mark a key done',
  'reset',
  'reset a key',
  'pause',
  'resume',
  'cancel-task',
  'rate',
];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('deploy' as const),
      tasks: someTasks,
      when: fc.constantFrom<Moment>('ever', 'while executing'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(...onTask),
      task: someTask,
      at: fc.constantFrom('ever' as const, 'while executing' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const), all: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'cancel' as const,
        'cancel' as const,
        'fail elsewhere' as const,
        'destroy' as const,
      ),
      when: fc.constantFrom<Moment>('ever', 'before a claim', 'before a child', 'while executing'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'lose runner' as const, 'wait' as const) }),
  },
);

/** Histories of every kind, in which this fault has every chance to happen. */
export function withFault(site: WriteSite, fault: Fault): fc.Arbitrary<Scenario> {
  const isLong = isOfLongWork(site);
  const mustStay = site === 'task.release' || site === 'task.correct' || isLong;
  const mayRepeat = site === 'task.claim' || site === 'task.finish';
  const otherFault = fc.record({
    site: fc.constantFrom<WriteSite>(
      'task.claim',
      'task.finish',
      'run.settle',
      'answer.keep',
      'run.begin',
      site,
    ),
    fault: fc.constantFrom<Fault>('crash before', 'crash after', 'sent twice', 'stall'),
    after: fc.nat(3),
  });
  return fc.record({
    // Only a new stack has baselined tasks; one that was there is not gone when the first deploy fails.
    isAdded: mustStay
      ? fc.constant(true)
      : site === 'party.forget-baselined'
        ? fc.constant(false)
        : fc.boolean(),
    ownsLedger: mustStay ? fc.constant(true) : fc.boolean(),
    onFailure: fc.constantFrom('fail-deploy', 'fail-deploy', 'continue'),
    isThrottled: site === 'run.settle' ? fc.boolean() : fc.constant(false),
    operations: fc
      .tuple(site.includes('.forget') ? fc.constant(pool) : someTasks, fc.array(operation, { maxLength: 5 }))
      .map(([tasks, rest]): Operation[] => [
        { kind: 'deploy', tasks: [...new Set([ALPHA, ...tasks, ...deployedFor(site)])], when: 'ever' },
        ...needed(site),
        ...rest,
      ]),
    faults: fc
      .tuple(fc.nat(1), fc.option(otherFault))
      .map(([after, more]): PlannedFault[] => [
        ...provokedBy(site),
        { site, fault, after: mayRepeat ? after : 0 },
        ...(more === null ? [] : [more]),
      ]),
    tasksDo:
      site === 'task.orphan'
        ? fc.constant('last' as const)
        : isLong
          ? fc.constantFrom('last' as const, 'last' as const, 'anything' as const)
          : fc.constant('anything' as const),
    ...long,
    ...(site === 'run.hand-over' ? { stepsLimit: fc.constant(2) } : {}),
    // In turn, the items take more than one invocation.
    ...(site === 'task.orphan' ? { batchSize: fc.constant(1), concurrency: fc.constant(1) } : {}),
    choices,
  });
}

/** The one history of this kind in which nothing is left to choose, so that the fault happens for certain. */
export function certainFault(site: WriteSite, fault: Fault): Scenario {
  const deployed = site === 'party.forget-baselined' ? [DELTA] : deployedFor(site);
  return {
    isAdded: site !== 'party.forget-baselined',
    ownsLedger: true,
    onFailure: 'fail-deploy',
    // Then a run fails before it has begun.
    isThrottled: site === 'run.settle',
    operations: [{ kind: 'deploy', tasks: [ALPHA, ...deployed], when: 'ever' }, ...needed(site)],
    faults: [...provokedBy(site), { site, fault, after: 0 }],
    tasksDo: 'last',
    batchSize: 1,
    concurrency: 1,
    stepsLimit: site === 'run.hand-over' ? 2 : 1_000,
    choices: [],
  };
}
