import { PartyError } from '../functions/errors.ts';
import type { ManifestTask } from '../functions/manifest.ts';
import { nearestWord } from '../functions/task/nearest-word.ts';
import { compareVersions } from '../functions/task/version.ts';

/**
 * Checks that each task can come after those that its `after` names.
 * @throws PartyError `bad-order`, naming every file that is wrong
 */
export function checkOrder(tasks: readonly ManifestTask[]): void {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const complaints = tasks.flatMap((task) =>
    (task.after ?? []).flatMap((name) => {
      const complaint = complaintOf(task, name, byName);
      return complaint === undefined ? [] : [`${task.file} is after ${JSON.stringify(name)}, ${complaint}`];
    }),
  );
  const circle = circleIn(tasks, byName);
  if (circle !== undefined && complaints.length === 0) {
    complaints.push(`${circle.join(' is after ')}: none of them could ever begin`);
  }
  if (complaints.length > 0) {
    throw new PartyError('bad-order', complaints.join('\n'), 'change what the tasks say in "after"');
  }
}

function complaintOf(
  task: ManifestTask,
  name: string,
  byName: ReadonlyMap<string, ManifestTask>,
): string | undefined {
  const earlier = byName.get(name);
  if (earlier === undefined) {
    const nearest = nearestWord(name, [...byName.keys()]);
    return `and there is no such task${nearest === undefined ? '' : `: did you mean ${JSON.stringify(nearest)}?`}`;
  }
  if (earlier === task) return 'which is the task itself';
  // A background task waits; what a deploy waits for runs in its one order.
  if (task.background === true || task.when === 'manual') return undefined;
  if (task.when === 'once' && earlier.when === 'every-deploy') {
    return 'which runs on every deploy, after the tasks that run once';
  }
  const inOneOrder = task.when === earlier.when;
  if (!inOneOrder || compareVersions(earlier.version, task.version) < 0) return undefined;
  return `which runs later: give ${task.file} a version above ${earlier.version}`;
}

/** The names along a circle, from a task back to itself. */
function circleIn(
  tasks: readonly ManifestTask[],
  byName: ReadonlyMap<string, ManifestTask>,
): string[] | undefined {
  const cleared = new Set<string>();
  const search = (task: ManifestTask, path: readonly string[]): string[] | undefined => {
    const begin = path.indexOf(task.name);
    if (begin >= 0) return [...path.slice(begin), task.name];
    if (cleared.has(task.name)) return undefined;
    for (const name of task.after ?? []) {
      const earlier = byName.get(name);
      const circle = earlier && search(earlier, [...path, task.name]);
      if (circle !== undefined) return circle;
    }
    cleared.add(task.name);
    return undefined;
  };
  for (const task of tasks) {
    const circle = search(task, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
