import fc from 'fast-check';
import type { WriteSite } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import type { Fault } from './simulated-table.ts';

function task(version: string, name: string, options: Partial<ManifestTask> = {}): ManifestTask {
  return {
    version,
    name,
    file: `${version}_${name}.ts`,
    checksum: 'c',
    description: name,
    when: 'once',
    delivery: 'at-least-once',
    tags: [],
    iterates: false,
    takesParams: false,
    secretParams: [],
    ...options,
  };
}

const ALPHA = task('3', 'alpha');
const BRAVO = task('007', 'bravo', { delivery: 'at-most-once' });
const ECHO = task('60', 'echo', { when: 'manual' });
const DELTA = task('050', 'delta', { newEnvironment: 'baseline' });
const KILO = task('070', 'kilo', { when: 'manual', iterates: true });
const HOTEL = task('300', 'hotel', { iterates: true });
const INDIA = task('400', 'india', { background: true, iterates: true });
const JULIET = task('500', 'juliet', { background: true, after: ['india'] });

/** Every task that any deploy may have. */
export const pool: readonly ManifestTask[] = [
  ALPHA,
  BRAVO,
  task('20', 'charlie', { onFailure: 'continue' }),
  DELTA,
  ECHO,
  task('100', 'foxtrot', { when: 'every-deploy' }),
  task('200', 'golf', { when: 'every-deploy', delivery: 'at-most-once', onFailure: 'continue' }),
  KILO,
  HOTEL,
  INDIA,
  JULIET,
];

/** How many items each task with items has, and how many steps the one with checkpoints. */
export const ITEMS = 5;
/** The task that says at checkpoints how far it has come. */
export const CHECKPOINTING: string = JULIET.version;
/** The task that is tried three times within an attempt. */
export const RETRIED = '20';

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

const long = {
  batchSize: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  stepsLimit: fc.constantFrom(3, 7, 1_000),
};
const choices = fc.array(fc.nat(239), { maxLength: 400, size: 'max' });
const someTask = fc.oneof(fc.constant(ALPHA), fc.constantFrom(...pool));
const someTasks = fc.subarray([...pool], { minLength: 1 }).map(closed);

/** With what they come after. */
function closed(tasks: readonly ManifestTask[]): ManifestTask[] {
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
      return [{ kind: 'skip', task: ECHO, at: 'ever' }];
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
    tasksDo: isLong
      ? fc.constantFrom('last' as const, 'last' as const, 'anything' as const)
      : fc.constant('anything' as const),
    ...long,
    choices,
  });
}

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
  'in the background': { task: INDIA, tasksDo: 'last', operations: [] },
} as const satisfies Record<string, Pick<Scenario, 'tasksDo' | 'operations'> & { task: ManifestTask }>;

export type From = keyof typeof ways;
export const states = Object.keys(ways) as From[];

/** What somebody does to a task before the last deploy. */
export const acts = [
  'nothing',
  'invoke',
  'skip',
  'mark-done',
  'reset',
  'invoke twice',
  'invoke and cancel',
  'invoke from start',
  'invoke some items',
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
  const { task, tasksDo, operations } = ways[from];
  const deploy: Operation = { kind: 'deploy', tasks: closed([task]), when: 'ever' };
  return fc.record({
    isAdded: fc.constant(from !== 'baselined'),
    ownsLedger: fc.constant(true),
    onFailure: fc.constant('fail-deploy' as const),
    isThrottled: fc.constant(false),
    operations: fc.constant([deploy, ...operations, ...operationsOf(act, task)]),
    faults: fc.constant([]),
    tasksDo: fc.constant(tasksDo),
    ...long,
    choices,
  });
}
