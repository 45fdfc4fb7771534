import type { TaskStatus } from '../../functions/controller/requests.ts';

/** States that call for a deploy or a person, the worst first. */
const OPEN = ['failed', 'in-doubt', 'damaged', 'stale', 'interrupted', 'paused', 'pending'] as const;
const NAMED = 3;

/** Why the tasks do not pass a check, in one line; undefined where they do. */
export function openTasks(tasks: readonly TaskStatus[]): string | undefined {
  const groups = OPEN.flatMap((state) => {
    const names = tasks.filter((task) => task.state === state).map(({ name, version }) => name || version);
    if (names.length === 0) return [];
    const more = names.length > NAMED ? `, and ${names.length - NAMED} more` : '';
    return [`${names.length} ${state} (${names.slice(0, NAMED).join(', ')}${more})`];
  });
  return groups.length === 0 ? undefined : groups.join(', ');
}
