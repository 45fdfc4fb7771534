import type { TaskStatus } from '../../functions/controller/requests.ts';
import { versionKey } from '../../functions/task/version.ts';
import { type LocalTask, localTasksNear } from '../project/local-tasks.ts';
import { safeText } from '../terminal/safe-text.ts';
import { type Cell, table } from '../terminal/table.ts';
import { noteOf, stateColour, titleOf, tookOf } from '../terminal/task-lines.ts';
import { minute, span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { needsYou } from './needs-you.ts';
import { partyHeader } from './party-header.ts';
import { openTasks } from './status-check.ts';
import { taskFilter } from './task-filter.ts';
import { type WholeStatus, wholeStatus, withLocalFiles } from './whole-status.ts';

export interface StatusOptions {
  /** Whether what is pending or failed makes a difference to the exit code. */
  readonly check?: boolean;
}

/** Shows every task, or those that the filters name: where it stands, and what needs a person. */
export async function status(
  filters: readonly string[],
  { check }: StatusOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const local = localTasksNear(context.cwd);
  const whole = withLocalFiles(await wholeStatus(context.party), local);
  const undeployed = notDeployed(whole, local);
  const isMeant = taskFilter(filters, [...whole.tasks, ...undeployed]);
  const document = { ...whole, tasks: whole.tasks.filter(isMeant) };
  context.terminal.print(document, (safe) => statusLines(safe, undeployed.filter(isMeant), context));
  const open = check === true ? openTasks(document.tasks) : undefined;
  if (open === undefined) return EXIT.ok;
  context.terminal.progress(`check failed: ${safeText(open)}`);
  return EXIT.unfinished;
}

/** Tasks beside the caller's cdk.json that the party does not know. */
function notDeployed(
  document: WholeStatus,
  local: readonly LocalTask[],
): (LocalTask & { notes: readonly string[] })[] {
  const known = new Set(document.tasks.map((task) => versionKey(task.version)));
  return local
    .filter((task) => !known.has(versionKey(task.version)))
    .map((task) => ({ ...task, notes: ['not-deployed'] }));
}

function statusLines(
  document: WholeStatus,
  undeployed: readonly LocalTask[],
  { terminal, party, now }: CommandContext,
): string[] {
  const named = document.tasks.filter((task) => !isOfNoTask(task));
  const nameless = document.tasks.length - named.length;
  const rows = named.map((task) => taskRow(task, now(), terminal.colours));
  const tasks =
    rows.length === 0
      ? ['no tasks']
      : table(['STATE', 'VERSION', 'TASK', 'LAST RUN (UTC)', 'TOOK', 'NOTE'], rows, terminal.width);
  const local = undeployed.map(
    (task, index) => `${index === 0 ? 'local' : '     '}      ${titleOf(task)} is not deployed yet`,
  );
  const footer = [...needsYou(document.tasks, party.flags), ...local];
  return [
    terminal.colours.strong(partyHeader(document, party.runsGoOn)),
    '',
    ...tasks,
    ...(nameless === 0
      ? []
      : [
          '',
          `${nameless} more ${nameless === 1 ? 'version is' : 'versions are'} baselined, of no task here`,
        ]),
    ...(footer.length === 0 ? [] : ['', ...footer]),
  ];
}

/** A version that was taken over from elsewhere: there may be hundreds of them, and nothing to say of any. */
function isOfNoTask({ state, name }: TaskStatus): boolean {
  return state === 'baselined' && name === '';
}

function taskRow(task: TaskStatus, now: number, colours: CommandContext['terminal']['colours']): Cell[] {
  const lastRun = task.startedAt ?? task.finishedAt;
  const manual = task.when === 'manual' && lastRun === null;
  return [
    { text: task.state, paint: stateColour(task.state, colours) },
    { text: task.version },
    { text: task.name },
    { text: manual ? 'never' : minute(lastRun) },
    { text: span(tookOf(task, now)) },
    { text: noteOf(task) },
  ];
}
