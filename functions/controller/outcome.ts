import { flagsOf } from '../flags.ts';
import type {
  EarlierTask,
  RunCounts,
  RunRecord,
  SelectedTask,
  TaskRecord,
  TaskState,
} from '../ledger/records.ts';
import type { RunOutcome } from '../ledger/run-records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { unmet, unmetText } from './after.ts';
import { backgroundText, heldText } from './background-text.ts';
import { doneText, duration } from './done-text.ts';
import { dryRunEntry, hasFailed } from './next-step.ts';
import type { PartyConfig } from './ports.ts';
import { stackOf } from './stack-id.ts';
import { counted, oneParagraph, positionText, span } from './text.ts';

const LIMIT = 600;
const TOLERATED = 'FAILED, and the deploy goes on';
const SPARED = 'FAILED, and the stack was spared (its ledger would have gone with it)';

/** What is told: of the head as much as fits, and all of the tail, which holds the command that helps. */
interface Text {
  readonly head: string;
  readonly tail?: string;
}

/** Why a run ends. */
export type End =
  | { readonly because: 'done' }
  | { readonly because: 'failed' | 'deadline' | 'held'; readonly task: SelectedTask }
  /** The task is after others that have not succeeded. */
  | { readonly because: 'unready'; readonly task: SelectedTask; readonly missing: readonly EarlierTask[] }
  /** A person chose some children of a task; `head` says what came of them, without a full stop. */
  | { readonly because: 'chosen'; readonly failed: boolean; readonly head: string }
  | { readonly because: 'cancelled' }
  /** Nothing could be started: the reason is a sentence without a full stop. */
  | { readonly because: 'unstartable'; readonly reason: string }
  | { readonly because: 'rollback'; readonly stackStatus: string };

type Records = ReadonlyMap<string, TaskRecord>;

/** What a run that ends so is recorded with, and what CloudFormation is told. */
export function outcomeOf(run: RunRecord, records: Records, end: End, config: PartyConfig): RunOutcome {
  const counts = end.because === 'chosen' ? countsOfChosen(end) : countsOf(run, records);
  const failed = executed(run, records).filter(({ record }) => hasFailed(record, run));
  const outcome = (state: RunOutcome['state'], fails: boolean, { head, tail }: Text): RunOutcome => {
    const spared = fails && run.sparesStack === true;
    const toCome = fails ? undefined : backgroundText(run, records);
    // The command last, where it is found, and copied.
    const tails = [toCome, tail].filter((part) => part !== undefined);
    return {
      state,
      counts,
      status: fails && !spared ? 'FAILED' : 'SUCCESS',
      text: paragraph(
        spared ? `${SPARED}: ${head}` : head,
        tails.length === 0 ? undefined : tails.join('. '),
      ),
      stopped: fails,
      retentionDays: config.retentionDays,
    };
  };
  switch (end.because) {
    case 'rollback':
      return outcome('succeeded', false, { head: `no task was started: the stack is ${end.stackStatus}` });
    case 'unstartable':
      return outcome('failed', config.onFailure === 'fail-deploy', { head: end.reason });
    case 'held':
      return outcome('held', true, { head: heldText(end.task, records.get(versionKey(end.task.version))) });
    case 'unready':
      return outcome('failed', true, unreadyText(end, records, counts, config));
    case 'chosen':
      return outcome(end.failed ? 'failed' : 'succeeded', end.failed, { head: end.head });
    case 'cancelled':
      return outcome('cancelled', true, cancelledText(run, counts));
    case 'deadline':
      return outcome(
        'failed',
        end.task.onFailure === 'fail-deploy',
        deadlineText(run, end.task, records, counts, config),
      );
    case 'failed':
      return outcome(
        'failed',
        true,
        failureText(run, end.task, records.get(versionKey(end.task.version)), counts, config),
      );
    case 'done': {
      if (failed.length > 0) return outcome('failed', false, toleratedText(failed, counts, config));
      const unready = firstUnready(run, records);
      if (unready === undefined) return outcome('succeeded', false, succeededText(run, records, config));
      const said = unreadyText(unready, records, counts, config);
      return outcome('failed', false, { ...said, head: `${TOLERATED}: ${said.head}` });
    }
  }
}

/** Of a deploy with the command that tells more: whoever asked for a run by hand is told all of it. */
function succeededText(run: RunRecord, records: Records, config: PartyConfig): Text {
  const head = doneText(run, records);
  const tells = executed(run, records).length > 0 || (run.background ?? []).length > 0;
  if (run.trigger !== 'deploy' || !tells) return { head };
  return { head, tail: `Details: npx after-party status ${commandTarget(config)}` };
}

type Unready = Pick<Extract<End, { because: 'unready' }>, 'task' | 'missing'>;

/** A task whose failures the deploy tolerates, and that could not run since what it is after had not succeeded. */
function firstUnready(run: RunRecord, records: Records): Unready | undefined {
  for (const task of notStarted(run, records)) {
    const missing = unmet(task, run, records);
    if (missing.length > 0) return { task, missing };
  }
  return undefined;
}

function unreadyText(
  { task, missing }: Unready,
  records: Records,
  counts: RunCounts,
  config: PartyConfig,
): Text {
  const earlier = missing.map(({ version }) => version).join(' ');
  return {
    head: unmetText(task, missing, records),
    tail: `${countsText(counts)} See what it waits for: npx after-party show ${earlier} ${commandTarget(config)}`,
  };
}

interface Executed {
  readonly task: SelectedTask;
  readonly record: TaskRecord;
}

/** The tasks that this run executed to an end. */
export function executed(run: RunRecord, records: Records): Executed[] {
  return (run.selection ?? []).flatMap((task) => {
    const record = records.get(versionKey(task.version));
    return record !== undefined && record.lastRun === run.runId && !isExecuting(record)
      ? [{ task, record }]
      : [];
  });
}

function isExecuting({ state }: TaskRecord): boolean {
  return state === 'running' || state === 'fanned-out';
}

/** The tasks that this run left pending. */
export function notStarted(run: RunRecord, records: Records): SelectedTask[] {
  return (run.selection ?? []).filter((task) => {
    const record = records.get(versionKey(task.version));
    if (record === undefined) return true;
    if (record.lastRun === run.runId || isExecuting(record)) return false;
    if (record.state === 'pending' || run.trigger === 'invoke') return true;
    if (record.state === 'paused') return false;
    const isDue = record.state === 'failed' || record.state === 'interrupted';
    return task.when === 'every-deploy' || (isDue && record.succeededAt === undefined);
  });
}

function countsOf(run: RunRecord, records: Records): RunCounts {
  const ended = executed(run, records);
  const good = ended.filter(({ record }) => !hasFailed(record, run));
  const succeeded = good.filter(({ record }) => run.dryRun === true || record.state === 'succeeded').length;
  return { succeeded, failed: ended.length - good.length, notStarted: notStarted(run, records).length };
}

function countsOfChosen({ failed }: Extract<End, { because: 'chosen' }>): RunCounts {
  return { succeeded: failed ? 0 : 1, failed: failed ? 1 : 0, notStarted: 0 };
}

function failureText(
  run: RunRecord,
  task: SelectedTask,
  record: TaskRecord | undefined,
  counts: RunCounts,
  config: PartyConfig,
): Text {
  const dryRun = run.dryRun === true && record !== undefined ? dryRunEntry(record, run) : undefined;
  if (dryRun !== undefined) {
    const why = dryRun.reason ?? dryRun.error ?? 'no reason was recorded';
    return { head: `the dry run of task ${idOf(task)} failed: ${oneParagraph(why, 320)}` };
  }
  const help =
    record?.state === 'in-doubt' ? doubtHelp(task, record, config) : retryHelp(task, record, config);
  return { head: whatHappened(task, record), tail: `${countsText(counts)} ${help}` };
}

const VERBS: { readonly [State in TaskState]?: string } = {
  'in-doubt': 'is in doubt',
  cancelled: 'was cancelled',
  interrupted: 'was interrupted',
};

/** Which task, attempt, why and where. */
function whatHappened(task: SelectedTask, record: TaskRecord | undefined): string {
  if (record === undefined) return `task ${idOf(task)} did not run`;
  const milliseconds = duration(record);
  const after = milliseconds === undefined ? '' : `, after ${span(milliseconds)}`;
  const why =
    record.reason ??
    (record.error && `${record.error.name}: ${record.error.message}`) ??
    (record.state === 'interrupted' ? 'there was no time left to go on' : 'no reason was recorded');
  const position = placeOf(record);
  const far = position === '' ? '' : `, at ${position}`;
  const at = record.error?.at === undefined ? '' : `, at ${record.error.at}`;
  return `task ${idOf(task)} ${VERBS[record.state] ?? 'failed'} (attempt ${record.attempt}${after}${far}): ${oneParagraph(why, 320).replace(/\.$/, '')}${at}`;
}

/** At which item, or how far, an attempt ended; of a split task, how far all its children have come. */
export function placeOf({ error, progress, children }: TaskRecord): string {
  return (children === undefined ? error?.position : undefined) ?? positionText(progress);
}

function retryHelp(task: SelectedTask, record: TaskRecord | undefined, config: PartyConfig): string {
  const target = commandTarget(config);
  const again = record?.state === 'interrupted' ? 'deploy again' : 'fix it and deploy again';
  const onward = record?.cursor === undefined ? '' : ' to go on where it stopped';
  const left = record?.children === undefined ? onward : ' to run what is left';
  return `Nothing needs cleaning up: ${again}${left}, or deploy without it: npx after-party skip ${task.version} ${target} --reason "...". More: npx after-party show ${task.version} ${target}`;
}

function doubtHelp(task: SelectedTask, { children }: TaskRecord, config: PartyConfig): string {
  const target = `${children === undefined ? '' : '--key KEY '}${commandTarget(config)}`;
  return `It may have had its effect, so it is not retried unasked. Find out, then: npx after-party mark-done ${task.version} ${target} --reason "..." or reset instead of mark-done. More: npx after-party show ${task.version} ${target}`;
}

function deadlineText(
  run: RunRecord,
  task: SelectedTask,
  records: Records,
  counts: RunCounts,
  config: PartyConfig,
): Text {
  const record = records.get(versionKey(task.version));
  const minutes = Math.round(config.deployTimeoutSeconds / 60);
  const timeout = `deployTimeout (${minutes} min)`;
  const head =
    record !== undefined && isExecuting(record)
      ? `task ${idOf(task)} (attempt ${record.attempt}) was still being executed${record.run === run.runId ? '' : ' by another run'} at the end of the ${timeout}`
      : record?.lastRun === run.runId
        ? whatHappened(task, record)
        : `task ${idOf(task)} could not be started within the ${timeout}`;
  const help = `Raise deployTimeout, or see: npx after-party show ${task.version} ${commandTarget(config)}`;
  return { head, tail: `${countsText(counts)} ${help}` };
}

function cancelledText(run: RunRecord, counts: RunCounts): Text {
  const { request } = run;
  const why =
    request?.cause === 'person'
      ? ` by ${request.by}${request.reason === undefined ? '' : `: ${request.reason}`}`
      : `: the stack is ${request?.cause === 'delete' ? 'being deleted' : 'rolling back'}`;
  return { head: `the run was cancelled${why}`, tail: countsText(counts) };
}

function toleratedText(failed: readonly Executed[], counts: RunCounts, config: PartyConfig): Text {
  const [first] = failed;
  const head = first === undefined ? '' : whatHappened(first.task, first.record);
  const more = failed.length > 1 ? ` So did ${counted(failed.length - 1, 'more task')}.` : '';
  const show =
    first === undefined ? '' : ` More: npx after-party show ${first.task.version} ${commandTarget(config)}`;
  return {
    head: `${TOLERATED}: ${head}`,
    tail: `${more} ${countsText(counts)}${show}`.trim(),
  };
}

function countsText({ succeeded, failed, notStarted }: RunCounts): string {
  return `${counted(succeeded, 'task')} ran, ${failed} failed, ${notStarted} not started.`;
}

function paragraph(head: string, tail: string | undefined): string {
  return tail === undefined
    ? oneParagraph(head, LIMIT)
    : `${oneParagraph(head, LIMIT - tail.length - 2)}. ${tail}`;
}

/** The flags that point a command at this party. */
function commandTarget(config: PartyConfig): string {
  const { region, stackName } = stackOf(config.stackId);
  if (region === 'local') return '--local';
  return flagsOf({ stack: stackName, party: config.sharesStack ? config.party : undefined }).trim();
}
