import type { TaskStatus } from '../../functions/controller/requests.ts';
import { isPartyError, PartyError } from '../../functions/errors.ts';
import { compareVersions, versionKey } from '../../functions/task/version.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { PartyClient } from '../party/party-client.ts';
import type { Colours } from '../terminal/colours.ts';
import { type Cell, table } from '../terminal/table.ts';
import { stateColour } from '../terminal/task-lines.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { partyHeader } from './party-header.ts';
import { taskFilter } from './task-filter.ts';
import { type WholeStatus, wholeStatus } from './whole-status.ts';

/** A task in two environments; null where one does not know it. */
interface ComparedTask {
  readonly version: string;
  readonly name: string;
  readonly differs: boolean;
  readonly in: readonly [TaskStatus | null, TaskStatus | null];
}

/** Two environments, side by side. Fields are only ever added. */
interface Comparison {
  readonly environments: readonly [Omit<WholeStatus, 'tasks'>, Omit<WholeStatus, 'tasks'>];
  readonly tasks: readonly ComparedTask[];
}

type Connect = (options: PartyOptions) => Promise<PartyClient>;
/** A command's context before one party is opened. */
type Place = Omit<CommandContext, 'party'> & { readonly connect: Connect };

/**
 * Shows the tasks of two environments, or of two stacks, side by side.
 * @throws PartyError `usage`, and what keeps one of them from being found or reached
 */
export async function compare(
  names: string,
  filters: readonly string[],
  options: PartyOptions,
  { terminal, connect }: Place,
): Promise<ExitCode> {
  const [left, right] = twoNames(names);
  const one = await statusOf(left, options, connect);
  const other = await statusOf(right, options, connect);
  const isMeant = taskFilter(filters, [...one.tasks, ...other.tasks]);
  const comparison: Comparison = {
    environments: [withoutTasks(one), withoutTasks(other)],
    tasks: sideBySide(one, other).filter((task) => task.in.some((each) => each !== null && isMeant(each))),
  };
  terminal.print(comparison, (safe) => comparisonLines(safe, [left, right], terminal));
  return EXIT.ok;
}

function twoNames(names: string): [string, string] {
  const [left = '', right = '', ...more] = names.split(',').map((name) => name.trim());
  if (left !== '' && right !== '' && more.length === 0 && left !== right) return [left, right];
  throw new PartyError(
    'usage',
    `--compare ${JSON.stringify(names)} does not name two environments`,
    'name two of them, with a comma between: --compare staging,production',
  );
}

async function statusOf(name: string, options: PartyOptions, connect: Connect): Promise<WholeStatus> {
  const party = await connectByName(name, options, connect);
  try {
    return await wholeStatus(party);
  } finally {
    await party.close();
  }
}

/** `local` is this machine; what is no environment of cdk.out is a stack. */
async function connectByName(name: string, options: PartyOptions, connect: Connect): Promise<PartyClient> {
  if (name === 'local') return connect({ local: true });
  try {
    return await connect({ ...options, env: name });
  } catch (error) {
    if (!isPartyError(error) || !/^(unknown-environment|no-cdk-out)$/.test(error.code)) throw error;
    return connect({ ...options, stack: name }).catch((cause: unknown) => {
      // Whoever has environments to name meant one of them.
      throw isPartyError(cause) && cause.code === 'no-stack' && error.code === 'unknown-environment'
        ? error
        : cause;
    });
  }
}

function withoutTasks({ tasks: _, ...party }: WholeStatus): Omit<WholeStatus, 'tasks'> {
  return party;
}

function sideBySide(one: WholeStatus, other: WholeStatus): ComparedTask[] {
  const byKey = ({ tasks }: WholeStatus) => new Map(tasks.map((task) => [versionKey(task.version), task]));
  const [left, right] = [byKey(one), byKey(other)];
  return [...new Set([...left.keys(), ...right.keys()])].sort(compareVersions).map((key) => {
    const both = [left.get(key) ?? null, right.get(key) ?? null] as const;
    const [known = null] = both.filter((task) => task !== null && task.name !== '');
    const version = (both[0] ?? both[1])?.version ?? key;
    return { version, name: known?.name ?? '', differs: both[0]?.state !== both[1]?.state, in: both };
  });
}

function comparisonLines(
  { environments, tasks }: Comparison,
  names: readonly [string, string],
  { colours, width }: CommandContext['terminal'],
): string[] {
  const rows = tasks.map((task): Cell[] => [
    { text: task.differs ? '≠' : '', paint: colours.attention },
    { text: task.version },
    { text: task.name },
    ...task.in.map((each) => stateCell(each, colours)),
  ]);
  const differing = tasks.filter(({ differs }) => differs).length;
  return [
    ...environments.map((party) => colours.strong(partyHeader(party, party.region !== 'local'))),
    '',
    ...(rows.length === 0 ? ['no tasks'] : table(['', 'VERSION', 'TASK', ...names], rows, width)),
    '',
    `${differing} of ${tasks.length} differ`,
  ];
}

function stateCell(task: TaskStatus | null, colours: Colours): Cell {
  return task === null ? { text: '–' } : { text: task.state, paint: stateColour(task.state, colours) };
}
