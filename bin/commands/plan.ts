import type { DeployPlan, LeftOutTask, PlannedTask } from '../../functions/controller/deploy-plan.ts';
import type { PartyOptions } from '../party/connect.ts';
import { localManifest } from '../project/local-manifest.ts';
import type { Colours } from '../terminal/colours.ts';
import { oneLine } from '../terminal/safe-text.ts';
import { type Cell, table } from '../terminal/table.ts';
import { noteText } from '../terminal/task-lines.ts';
import { wrapped } from '../terminal/text-width.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { partyHeader } from './party-header.ts';

/** Shows what the next deploy would run, from the tasks on this machine against the ledger. */
export async function plan(options: PartyOptions, context: CommandContext): Promise<ExitCode> {
  const { stack, env, party } = options;
  const { tasks } = await localManifest({ stack, env, party }, context.cwd);
  const answer = await context.party.ask({ request: 'plan', tasks });
  context.terminal.print(answer, (safe) => planLines(safe, context));
  return EXIT.ok;
}

function planLines(plan: DeployPlan, { terminal, party }: CommandContext): string[] {
  const { colours } = terminal;
  const rows = [
    ...plan.blocking.map((task) => plannedRow('blocking', task, colours)),
    ...plan.everyDeploy.map((task) => plannedRow('every deploy', task, colours)),
    ...plan.background.map((task) => plannedRow('background', task, colours)),
    ...plan.leftOut.map((task) => leftOutRow(task, colours)),
  ];
  const settled =
    plan.settled === 0 ? [] : [`${plan.settled} more ${plan.settled === 1 ? 'has' : 'have'} an outcome`];
  return [
    colours.strong(partyHeader(plan, party.runsGoOn)),
    '',
    ...wrapped(sentence(plan), terminal.width),
    ...(rows.length === 0
      ? []
      : ['', ...table(['STAGE', 'DOES', 'VERSION', 'TASK', 'NOTE'], rows, terminal.width)]),
    ...(settled.length === 0 ? [] : ['', ...settled]),
  ];
}

/** What the next deploy comes to, in words. */
function sentence({ blocking, everyDeploy, background }: DeployPlan): string {
  const stopped = [...blocking, ...everyDeploy].find(({ does }) => does === 'stop');
  const count = (tasks: readonly PlannedTask[]): number =>
    tasks.filter(({ does }) => does !== 'stop' && does !== 'behind').length;
  const parts = [
    [count(blocking), 'before it completes'],
    [count(everyDeploy), 'as every deploy does'],
    [count(background), 'in the background after its commit'],
  ] as const;
  const runs = parts.filter(([tasks]) => tasks > 0).map(([tasks, when]) => `${tasks} ${when}`);
  const what = runs.length === 0 ? 'nothing' : runs.join(', ');
  const end = stopped === undefined ? '' : `, and is stopped by ${stopped.name}`;
  return `the next deploy runs ${what}${end}`;
}

function plannedRow(stage: string, task: PlannedTask, colours: Colours): Cell[] {
  const paint = {
    run: colours.good,
    resume: colours.good,
    wait: colours.busy,
    stop: colours.bad,
    behind: colours.attention,
  };
  const again = task.attempt > 0 ? `attempt ${task.attempt + 1}` : '';
  const note = [task.does === 'run' || task.does === 'resume' ? again : '', task.why ?? '', notes(task)];
  return row(stage, { text: task.does, paint: paint[task.does] }, task, note);
}

const BECAUSE: Readonly<Record<string, string>> = {
  'no-file': 'no file',
  'not-ready': 'not ready',
  environments: 'elsewhere',
};

function leftOutRow(task: LeftOutTask, colours: Colours): Cell[] {
  const because = BECAUSE[task.because] ?? task.because;
  // What it is left out for is not said twice.
  return row('left out', { text: because, paint: colours.quiet }, task, [task.why ?? '']);
}

function row(
  stage: string,
  does: Cell,
  { version, name }: Pick<PlannedTask, 'version' | 'name'>,
  note: readonly string[],
): Cell[] {
  const text = oneLine(note.filter((part) => part !== '').join(' · '));
  return [{ text: stage }, does, { text: version }, { text: name }, { text }];
}

function notes({ notes }: PlannedTask): string {
  return notes.map(noteText).join(' · ');
}
