import type { TaskStatus } from '../../functions/controller/requests.ts';

/** The commands that help with the tasks that wait for a person. */
export function needsYou(tasks: readonly TaskStatus[], flags: string): string[] {
  const helped = tasks.flatMap((task) => {
    const help = helpWith(task, flags);
    return help === undefined ? [] : [{ name: task.name, help }];
  });
  const width = Math.max(0, ...helped.map(({ name }) => name.length));
  return helped.map(
    ({ name, help }, index) => `${index === 0 ? 'needs you' : '         '}  ${name.padEnd(width)}  ${help}`,
  );
}

function helpWith(task: TaskStatus, flags: string): string | undefined {
  if (task.state === 'in-doubt') {
    const which = task.split === null ? '' : ' --key …';
    return `npx after-party mark-done ${task.name}${which} --reason …${flags} | reset ${task.name}${which} --reason …${flags}`;
  }
  const damaged = task.notes.some((note) => note.startsWith('damaged'));
  return task.state === 'failed' || damaged ? `npx after-party show ${task.name}${flags}` : undefined;
}
