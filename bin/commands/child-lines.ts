import type { ChildrenPage, ChildStatus, TaskDetails } from '../../functions/controller/requests.ts';
import { localNames } from '../project/local-tasks.ts';
import { table } from '../terminal/table.ts';
import { childNote, childTitle, stateColour, tookOf } from '../terminal/task-lines.ts';
import { span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';

/** How many children people are shown. */
const SHOWN = 10;

export interface ShownChildren {
  readonly children?: readonly ChildStatus[];
  /** How many have not succeeded, of which those are the worst; not in JSON, which has all children. */
  readonly unfinished?: number;
}

/** The children of a task that was split: all for programs, the worst of those that have not succeeded for people. */
export async function childrenOf(
  task: TaskDetails,
  { party, terminal, cwd }: CommandContext,
): Promise<ShownChildren> {
  if (task.split === null || task.child !== undefined) return {};
  const request = { request: 'children' as const, names: [task.version], local: localNames(cwd) };
  if (!terminal.json) {
    const { children, count } = await party.ask({ ...request, unfinished: true, limit: SHOWN });
    return { children, unfinished: count };
  }
  const children: ChildStatus[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const page: ChildrenPage = await party.ask({ ...request, ...(after > 0 && { after }) });
    children.push(...page.children);
    after = page.next;
  }
  return { children };
}

export function childLines(
  { name, children = [], unfinished = 0 }: ShownChildren & Pick<TaskDetails, 'name'>,
  { terminal: { colours, width }, party, now }: CommandContext,
): string[] {
  const rows = children.map((child) => [
    { text: child.state, paint: stateColour(child.state, colours) },
    { text: childTitle(child) },
    { text: span(tookOf(child, now())) },
    { text: childNote(child) },
  ]);
  const lines = table(['', '', '', ''], rows, width - 2);
  const more = unfinished - children.length;
  return [
    ...lines.map((line) => line.slice(2)),
    ...(more > 0
      ? [`… and ${more} more: \`npx after-party show ${name} --json${party.flags}\` lists all`]
      : []),
  ];
}
