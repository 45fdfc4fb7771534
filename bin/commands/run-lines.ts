import type { RunStatus } from '../../functions/controller/requests.ts';
import { pasteable } from '../party/pasteable.ts';
import { table } from '../terminal/table.ts';
import { childNote, childTitle, noteOf, stateColour, tookOf } from '../terminal/task-lines.ts';
import { span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';
import { needsYou } from './needs-you.ts';

/** A run as people read it: a line per task, what came of it, and the commands that help. */
export function runLines(run: RunStatus, { terminal, party, now }: CommandContext): string[] {
  const rows = run.tasks.map((task) => [
    { text: task.state, paint: stateColour(task.state, terminal.colours) },
    { text: task.version },
    { text: task.name },
    { text: span(tookOf(task, now())) },
    { text: noteOf(task) },
  ]);
  const lines =
    rows.length === 0 ? [] : table(['STATE', 'VERSION', 'TASK', 'TOOK', 'NOTE'], rows, terminal.width);
  const children = run.children.map((child) => [
    { text: child.state, paint: stateColour(child.state, terminal.colours) },
    { text: childTitle(child) },
    { text: span(tookOf(child, now())) },
    { text: childNote(child) },
  ]);
  const chosen =
    children.length === 0 ? [] : table(['STATE', 'CHILD', 'TOOK', 'NOTE'], children, terminal.width);
  const outcome = run.outcome === null ? [] : [pasteable(run.outcome, party.flags)];
  const help = needsYou(run.tasks, party.flags);
  const background = run.background.map(
    (runId, index) =>
      `${index === 0 ? 'background' : '          '}  npx after-party watch ${runId}${party.flags}`,
  );
  const parts = [lines, chosen, outcome, help, background].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}
