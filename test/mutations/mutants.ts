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
    noticedBy: { [CLAIM]: 'running, with a live lease', [INVARIANTS]: 'invoke twice' },
  },
  {
    name: 'a claim that was refused is taken for a copy of its own',
    file: 'functions/ledger/task-records.ts',
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
    find: 'if (isOver(await ledger.runs.standing(run.runId))) {',
    replace: 'if (isOver(run)) {',
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
    file: 'functions/controller/decide.ts',
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
