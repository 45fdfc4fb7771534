import fc from 'fast-check';
import type { WriteSite } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import type { Fault } from './simulated-table.ts';
import { ALPHA, DELTA, ECHO, INDIA, JULIET, KILO, pool } from './task-pool.ts';

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
/** Before a claim is after the runner has seen that the run is to go on. */
export type Moment = 'ever' | 'before a claim' | 'while executing';
export type OnTask =
  | 'invoke'
  | 'invoke from start'
  | 'invoke some items'
  | 'dry run'
  | 'skip'
  | 'mark-done'
  | 'reset'
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
  'dry run',
  'skip',
  'mark-done',
  'reset',
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
      when: fc.constantFrom<Moment>('ever', 'before a claim', 'while executing'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'lose runner' as const, 'wait' as const) }),
  },
);

/** Without these a site is hardly ever written to. */
function needed(site: WriteSite): readonly Operation[] {
  switch (site) {
    case 'run.request-cancel':
      return [{ kind: 'cancel', when: 'ever' }];
    case 'task.release':
      return [
        { kind: 'invoke', task: ALPHA, at: 'calm' },
        { kind: 'cancel', when: 'before a claim' },
      ];
    case 'party.forget-baselined':
      return [{ kind: 'reset', task: DELTA, at: 'ever' }];
    case 'task.correct':
      // A deploy that no correction comes between may leave no second chance.
      return [
        { kind: 'skip', task: ECHO, at: 'ever' },
        { kind: 'reset', task: ECHO, at: 'calm' },
      ];
    case 'task.checkpoint':
      return [{ kind: 'invoke', task: KILO, at: 'calm' }];
    case 'task.request-stop':
      return [
        { kind: 'invoke', task: KILO, at: 'calm' },
        { kind: 'pause', task: KILO, at: 'while executing' },
        { kind: 'invoke', task: KILO, at: 'calm' },
        { kind: 'cancel-task', task: KILO, at: 'while executing' },
      ];
    case 'task.set-rate':
      return [
        { kind: 'invoke some items', task: KILO, at: 'calm' },
        { kind: 'rate', task: KILO, at: 'ever' },
        { kind: 'rate', task: KILO, at: 'calm' },
      ];
    case 'task.orphan':
      return [{ kind: 'deploy', tasks: [ALPHA], when: 'while executing' }];
    default:
      return [];
  }
}

function deployedFor(site: WriteSite): readonly ManifestTask[] {
  switch (site) {
    case 'run.commit':
    case 'run.hand-over':
    case 'task.orphan':
      return [INDIA];
    case 'task.checkpoint':
    case 'task.request-stop':
    case 'task.set-rate':
      return [KILO];
    default:
      return [];
  }
}

/** Sites of long work, which is reached only if what is deployed before it does not fail. */
const ofLongWork: readonly WriteSite[] = [
  'run.commit',
  'run.hand-over',
  'task.orphan',
  'task.checkpoint',
  'task.request-stop',
  'task.set-rate',
];

/** Histories of every kind, in which this fault has every chance to happen. */
export function withFault(site: WriteSite, fault: Fault): fc.Arbitrary<Scenario> {
  const isLong = ofLongWork.includes(site);
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
