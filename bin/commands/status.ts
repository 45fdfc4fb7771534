import type { PartyStatus, TaskStatus } from '../../functions/controller/requests.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { PartyClient } from '../party/party-client.ts';
import { type LocalTask, localTasksNear } from '../project/local-tasks.ts';
import { type Cell, table } from '../terminal/table.ts';
import { noteOf, stateColour, titleOf, tookOf } from '../terminal/task-lines.ts';
import { minute, span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { needsYou } from './needs-you.ts';

/** Shows every task: where it stands, and what needs a person. */
export async function status(context: CommandContext): Promise<ExitCode> {
  const local = localTasksNear(context.cwd);
  const document = withLocalFiles(await wholeStatus(context.party), local);
  const undeployed = notDeployed(document, local);
  context.terminal.print(document, (safe) => statusLines(safe, undeployed, context));
  return EXIT.ok;
}

/** All pages of the status: an answer of Lambda's holds some thousand tasks. */
async function wholeStatus(party: PartyClient): Promise<Omit<PartyStatus, 'next'>> {
  let { next, ...document } = await party.ask({ request: 'status' });
  const tasks = [...document.tasks];
  while (next !== undefined) {
    const page: PartyStatus = await party.ask({ request: 'status', after: next });
    tasks.push(...page.tasks);
    next = page.next;
  }
  document = { ...document, tasks };
  return document;
}

/** A recorded task whose file the caller has is not lost: its deploy was rolled back, or is still to come. */
function withLocalFiles(
  document: Omit<PartyStatus, 'next'>,
  local: readonly LocalTask[],
): Omit<PartyStatus, 'next'> {
  const versions = new Set(local.map((task) => versionKey(task.version)));
  const tasks = document.tasks.map((task) =>
    versions.has(versionKey(task.version))
      ? { ...task, notes: task.notes.map((note) => (note === 'no-file' ? 'not-deployed' : note)) }
      : task,
  );
  return { ...document, tasks };
}

/** Tasks beside the caller's cdk.json that the party does not know. */
function notDeployed(document: Omit<PartyStatus, 'next'>, local: readonly LocalTask[]): string[] {
  const known = new Set(document.tasks.map((task) => versionKey(task.version)));
  return local.filter((task) => !known.has(versionKey(task.version))).map(titleOf);
}

function statusLines(
  document: Omit<PartyStatus, 'next'>,
  undeployed: readonly string[],
  { terminal, party, now }: CommandContext,
): string[] {
  const rows = document.tasks.map((task) => taskRow(task, now(), terminal.colours));
  const tasks =
    rows.length === 0
      ? ['no tasks']
      : table(['STATE', 'VERSION', 'TASK', 'LAST RUN (UTC)', 'TOOK', 'NOTE'], rows, terminal.width);
  const local = undeployed.map(
    (title, index) => `${index === 0 ? 'local' : '     '}      ${title} is not deployed yet`,
  );
  const footer = [...needsYou(document.tasks, party.flags), ...local];
  return [
    terminal.colours.strong(header(document, party.runsGoOn)),
    '',
    ...tasks,
    ...(footer.length === 0 ? [] : ['', ...footer]),
  ];
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

function header(document: Omit<PartyStatus, 'next'>, deployed: boolean): string {
  if (!deployed) return `${document.environment} · on this machine`;
  const { deployedAt, deployId } = document;
  const commit = deployId !== null && /^[0-9a-f]{40}$/.test(deployId) ? deployId.slice(0, 7) : deployId;
  const since =
    deployedAt === null
      ? 'not deployed yet'
      : `deployed ${minute(deployedAt)} UTC${commit === null ? '' : ` (${commit})`}`;
  return `${document.environment} · ${document.stack}/${document.party} · ${document.account} ${document.region} · ${since}`;
}
