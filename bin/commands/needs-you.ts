import type { TaskStatus } from '../../functions/controller/requests.ts';

/** Commands by which a person helps with a task; undefined where it needs nobody. */
type Help = (task: TaskStatus, flags: string) => string | undefined;

/** The commands that help with the tasks that wait for a person. */
export function needsYou(tasks: readonly TaskStatus[], flags: string, help: Help = lookCloser): string[] {
  const helped = tasks.flatMap((task) => {
    const commands = inDoubt(task, flags) ?? help(task, flags);
    return commands === undefined ? [] : [{ name: task.name, commands }];
  });
  const width = Math.max(0, ...helped.map(({ name }) => name.length));
  return helped.map(
    ({ name, commands }, index) =>
      `${index === 0 ? 'needs you' : '         '}  ${name.padEnd(width)}  ${commands}`,
  );
}

function inDoubt({ name, state, split }: TaskStatus, flags: string): string | undefined {
  if (state !== 'in-doubt') return undefined;
  const which = split === null ? '' : ' --key …';
  return `npx after-party mark-done ${name}${which} --reason …${flags} | reset ${name}${which} --reason …${flags}`;
}

function lookCloser(task: TaskStatus, flags: string): string | undefined {
  return task.state === 'failed' || isDamaged(task) ? `npx after-party show ${task.name}${flags}` : undefined;
}

/** For whoever has looked closer. */
export function mend(task: TaskStatus, flags: string): string | undefined {
  const { name, state } = task;
  if (isDamaged(task)) return `npx after-party reset ${name} --reason …${flags}`;
  if (state !== 'failed') return undefined;
  return `npx after-party invoke ${name}${flags} | skip ${name} --reason …${flags}`;
}

function isDamaged({ notes }: TaskStatus): boolean {
  return notes.some((note) => note.startsWith('damaged'));
}
