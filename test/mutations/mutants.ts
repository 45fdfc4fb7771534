/** A way to break the product, and the tests that must notice. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files, and a part of the full name of a test in each that must fail. */
  readonly noticedBy: Readonly<Record<string, string>>;
}

const FINISH = 'test/functions/ledger/finish.test.ts';
const CORRECTION = 'test/functions/ledger/correction.test.ts';
const CLAIM = 'test/functions/ledger/claim.test.ts';
const SDK_RETRIES = 'test/functions/ledger/sdk-retries.test.ts';
const INVOCATION = 'test/functions/runner/invocation.test.ts';
const STOPS = 'test/functions/runner/stops.test.ts';
const ITERATION = 'test/functions/runner/iteration.test.ts';
const ITERATION_HISTORIES = 'test/functions/runner/iteration.property.test.ts';
const DECIDE = 'test/functions/controller/decide.test.ts';
const CHILDREN_LEDGER = 'test/functions/ledger/children.test.ts';
const CHILDREN = 'test/functions/runner/fan-out.test.ts';
const CHILDREN_OUTCOME = 'test/functions/controller/children-outcome.test.ts';
const NEXT_CHILD_STEP = 'test/functions/controller/next-child-step.test.ts';
const COMMIT_WAIT = 'test/functions/controller/commit-wait.test.ts';
const RESPONSE_URL = 'test/functions/controller/response-url.test.ts';
const REST_OF_STACK = 'test/lib/rest-of-stack.test.ts';
const INVARIANTS = 'test/properties/invariants.test.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'a finish does not mind whose claim it is',
    file: 'functions/ledger/settlement.ts',
    find: "const STILL_HELD = '#owner = :token AND #state = :running';",
    replace: "const STILL_HELD = '(#owner = :token OR attribute_exists(#owner)) AND #state = :running';",
    noticedBy: {
      [FINISH]: 'is refused to an invocation whose task was taken over',
      [CLAIM]: 'changes nothing once somebody else holds the task',
    },
  },
  {
    name: 'a finish has no condition',
    file: 'functions/ledger/settlement.ts',
    find: "const STILL_HELD = '#owner = :token AND #state = :running';",
    replace: "const STILL_HELD = '(#owner = :token AND #state = :running) OR attribute_exists(pk)';",
    noticedBy: {
      [FINISH]: 'is refused to an invocation that has been settled as crashed',
      [CORRECTION]: 'whose invocation then has no say',
      [INVARIANTS]: 'at task.finish there is a sent twice',
    },
  },
  {
    name: 'a claim does not wait for the lease of another',
    file: 'functions/ledger/claim.ts',
    find: "'#state = :running AND #leaseUntil < :now AND NOT #run = :run'",
    replace: "'#state = :running AND NOT #leaseUntil = :now AND NOT #run = :run'",
    noticedBy: {
      [CLAIM]: 'running, with a live lease',
      [CHILDREN_LEDGER]: 'by two at once succeeds for one',
      [INVARIANTS]: 'invoke twice',
    },
  },
  {
    name: 'a claim that was refused is taken for a copy of its own',
    file: 'functions/ledger/attempt-records.ts',
    find: 'holder?.owner === request.token ? claimOf(holder)',
    replace: 'holder !== undefined ? claimOf(holder)',
    noticedBy: {
      [SDK_RETRIES]: 'does not take the claim of another for its own',
      [CLAIM]: 'has one winner of 50 at once',
    },
  },
  {
    name: 'a failed run by hand makes a task pending that has succeeded',
    file: 'functions/ledger/claim.ts',
    find: "const never = 'attribute_not_exists(#succeededAt)';",
    replace: "const never = 'attribute_exists(#state)';",
    noticedBy: { [CLAIM]: 'failed when a person ran it again after its success' },
  },
  {
    name: 'an at-most-once task that broke off is run again',
    file: 'functions/ledger/claim.ts',
    find: "if (task.delivery === 'at-least-once') alternatives",
    replace: "if (task.when === 'once') alternatives",
    noticedBy: { [CLAIM]: 'stale and at-most-once: it may have had its effect' },
  },
  {
    name: 'the run is not looked at after the claim',
    file: 'functions/runner/invocation.ts',
    find: 'if (work.child === undefined) return !isOver(await run);',
    replace: 'if (work.child === undefined) return (await run) !== undefined;',
    noticedBy: {
      [INVOCATION]: 'gives back a task that was claimed at the same moment',
      [INVARIANTS]: 'task.release',
    },
  },
  {
    name: 'the runner ignores the deadline',
    file: 'functions/runner/stop-watch.ts',
    find: 'if (work.deadline !== undefined) {',
    replace: 'if (work.deadline === null) {',
    noticedBy: { [STOPS]: 'aborts the task that runs' },
  },
  {
    name: 'Decide ignores the deadline',
    file: 'functions/controller/work-order.ts',
    find: 'return deadline === undefined ?',
    replace: 'return deadline !== null ?',
    noticedBy: { [DECIDE]: 'ends a deploy whose task goes on' },
  },
  {
    name: 'the cursor moves to the newest item that is completed',
    file: 'functions/runner/iteration/completed-items.ts',
    find: 'this.#first?.unit.completed === undefined ? undefined : this.#first.unit',
    replace: 'this.#last?.unit.completed === undefined ? undefined : this.#first?.unit',
    noticedBy: {
      [ITERATION]: 'lets those in flight end, and the first of several counts',
      [ITERATION_HISTORIES]: 'loses no item and repeats none before its cursor',
    },
  },
  {
    name: 'a child is claimed though nothing is planned',
    file: 'functions/ledger/claim.ts',
    find: 'if (!isChild) alternatives.push(',
    replace: 'if (isChild !== undefined) alternatives.push(',
    noticedBy: { [CHILDREN_LEDGER]: 'is refused where nothing is planned' },
  },
  {
    name: 'a child that stopped with its task is left so',
    file: 'functions/ledger/claim.ts',
    find: "[':failed', ':paused', ':cancelled']",
    replace: "[':failed', ':failed', ':failed']",
    noticedBy: { [NEXT_CHILD_STEP]: 'is ready exactly where the ledger lets its run claim it' },
  },
  {
    name: 'a child is executed whoever sees to its task by now',
    file: 'functions/runner/holding.ts',
    find: 'run === runId',
    replace: 'run !== plan',
    noticedBy: { [CHILDREN]: 'by a late call of a run' },
  },
  {
    name: 'a child is executed though its run was cancelled before the claim',
    file: 'functions/runner/invocation.ts',
    find: 'return !isOver(standing) && demands !== undefined && demands.request === undefined;',
    replace: 'return standing !== undefined && demands !== undefined && demands.request === undefined;',
    noticedBy: { [INVARIANTS]: 'at child.release' },
  },
  {
    name: 'a plan is written over children that are executed',
    file: 'functions/ledger/child-records.ts',
    find: "OR #plan < :plan AND NOT #leaseUntil >= :now';",
    replace: "OR #plan < :plan AND NOT #leaseUntil < :now';",
    noticedBy: { [CHILDREN_LEDGER]: 'is refused while the earlier child is being executed' },
  },
  {
    name: 'a task succeeds though a child of it failed',
    file: 'functions/controller/children-outcome.ts',
    find: 'if (succeeded === children.length)',
    replace: 'if (succeeded + failed === children.length)',
    noticedBy: {
      [CHILDREN_OUTCOME]: '1 of 64 failed',
      [INVARIANTS]: 'to what is with children that failed',
    },
  },
  {
    name: 'what a run has left of a task repeats the children that are done',
    file: 'functions/controller/next-child-step.ts',
    find: "case 'succeeded':\n      return 'done';",
    replace: "case 'succeeded':\n      return 'ready';",
    noticedBy: { [NEXT_CHILD_STEP]: 'done before' },
  },
  {
    name: 'each child takes the whole rate of its task',
    file: 'functions/runner/stop-watch.ts',
    find: 'rate * share',
    replace: 'rate / (share / share)',
    noticedBy: { [CHILDREN]: 'a rate: each child has its share' },
  },
  {
    name: 'any end of the stack starts background tasks',
    file: 'functions/controller/commit-wait.ts',
    find: 'if (COMMITTED.has(rootStatus))',
    replace: "if (rootStatus.endsWith('_COMPLETE'))",
    noticedBy: { [COMMIT_WAIT]: 'starts nothing once the root is UPDATE_ROLLBACK_COMPLETE' },
  },
  {
    name: 'the response may go to any host',
    file: 'functions/controller/response-url.ts',
    find: "url.port === '' && isCloudFormationBucket(url)",
    replace: "url.port === '' && (isCloudFormationBucket(url) || url.host !== '')",
    noticedBy: { [RESPONSE_URL]: 'with another bucket is refused' },
  },
  {
    name: 'only what needs the tasks directly comes after them',
    file: 'lib/stack-graph.ts',
    find: 'for (const member of found) {',
    replace: 'for (const member of [resource]) {',
    noticedBy: { [REST_OF_STACK]: 'where it depends on the party' },
  },
];
