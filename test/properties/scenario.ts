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
    takesParams: false,
    secretParams: [],
    ...options,
  };
}

const ALPHA = task('3', 'alpha');
const DELTA = task('050', 'delta', { newEnvironment: 'baseline' });

/** Every task that any deploy may have. */
export const pool: readonly ManifestTask[] = [
  ALPHA,
  task('007', 'bravo', { delivery: 'at-most-once' }),
  task('20', 'charlie', { onFailure: 'continue' }),
  DELTA,
  task('60', 'echo', { when: 'manual' }),
  task('100', 'foxtrot', { when: 'every-deploy' }),
  task('200', 'golf', { when: 'every-deploy', delivery: 'at-most-once', onFailure: 'continue' }),
];

/** The task that is tried three times within an attempt. */
export const RETRIED = '20';

/** What is done from outside, in this order, as soon as it is possible and its turn comes. */
export type Operation =
  | { readonly kind: 'deploy'; readonly tasks: readonly ManifestTask[] }
  /** Another resource of the stack fails while the deploy waits for its tasks. */
  | { readonly kind: 'fail elsewhere' | 'destroy' | 'cancel' }
  | { readonly kind: 'run'; readonly all: boolean }
  | { readonly kind: 'invoke' | 'skip' | 'mark-done' | 'reset'; readonly task: ManifestTask };

/** A fault at the write after so many others of its site. */
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
  readonly operations: readonly Operation[];
  readonly faults: readonly PlannedFault[];
  /** Whether a cancel, where there will be one, comes between a claim and the look that follows it. */
  readonly cancelsAfterClaim: boolean;
  /** Of eight tasks, how many throw. */
  readonly throwing: number;
  readonly choices: readonly number[];
}

const someTask = fc.constantFrom(...pool);
const someTasks = fc.subarray([...pool], { minLength: 1 });

const deploy = fc.record({ kind: fc.constant('deploy' as const), tasks: someTasks });
const onTask = fc.record({
  kind: fc.constantFrom('invoke' as const, 'skip' as const, 'mark-done' as const, 'reset' as const),
  task: someTask,
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: deploy },
  { weight: 5, arbitrary: onTask },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run' as const), all: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('fail elsewhere' as const, 'cancel' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('destroy' as const) }) },
);

/** Without these a site is hardly ever written to. */
function needed(site: WriteSite): fc.Arbitrary<Operation[]> {
  switch (site) {
    case 'run.request-cancel':
    case 'task.release':
      return fc
        .constantFrom<Operation['kind']>('cancel', 'cancel', 'fail elsewhere', 'destroy')
        .map((kind) => [{ kind } as Operation]);
    case 'party.forget-baselined':
      return fc.constant([{ kind: 'reset', task: DELTA }]);
    case 'task.correct':
      return fc
        .tuple(
          onTask,
          fc.record({
            kind: fc.constantFrom('skip' as const, 'mark-done' as const, 'reset' as const),
            task: someTask,
          }),
        )
        .map((operations) => operations);
    default:
      return fc.constant([]);
  }
}

/** Histories in which this fault has every chance to happen. */
export function scenarios(site: WriteSite, fault: Fault): fc.Arbitrary<Scenario> {
  const first =
    site === 'party.forget-baselined'
      ? fc.constant([...pool])
      : site.startsWith('task.')
        ? someTasks.map((tasks) => [...new Set([ALPHA, ...tasks])])
        : someTasks;
  return fc.record({
    isAdded: site === 'party.forget-baselined' ? fc.constant(false) : fc.boolean(),
    ownsLedger: fc.boolean(),
    onFailure: fc.constantFrom('fail-deploy', 'fail-deploy', 'continue'),
    operations: fc
      .tuple(first, needed(site), fc.array(operation, { maxLength: 5 }))
      .map(([tasks, must, rest]): Operation[] => [{ kind: 'deploy', tasks }, ...must, ...rest]),
    faults: fc
      .tuple(
        fc.nat(1),
        fc.option(
          fc.record({
            site: fc.constantFrom(
              'task.claim',
              'task.finish',
              'run.settle',
              'answer.keep',
              'run.begin',
              site,
            ),
            fault: fc.constantFrom<Fault>('crash before', 'crash after', 'sent twice'),
            after: fc.nat(3),
          }),
        ),
      )
      .map(([after, more]): PlannedFault[] => [
        { site, fault, after: site === 'task.claim' || site === 'task.finish' ? after : 0 },
        ...(more === null ? [] : [more]),
      ]),
    cancelsAfterClaim: site === 'task.release' ? fc.constant(true) : fc.boolean(),
    throwing: fc.nat(3),
    choices: fc.array(fc.nat(239), { maxLength: 400, size: 'max' }),
  });
}
