import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { it, onTestFinished } from 'vitest';
import { followed } from '../documents/run-by.ts';
import { followPage } from './harness/follow-page.ts';
import { Shell } from './harness/shell.ts';

it('leads from an empty folder to a deployed task, a failure and its repair, word for word', async () => {
  const shell = await Shell.open();
  onTestFinished(() => shell.close());
  await shell.approveRoles();

  await followPage(followed.guide, shell, (code) => writeModule(shell.folder, code));
}, 900_000);

/** Writes a module whose first line names it; the version of a task is the one that its file has. */
async function writeModule(app: string, code: string): Promise<void> {
  const [, named = ''] = /^\/\/ (\S+)\n/.exec(code) ?? [];
  const files = await readdir(join(app, 'tasks'));
  const own = (part: string): string =>
    part.replaceAll(/\d{14}_(\w+)/g, (_, name: string) => {
      const file = files.find((each) => each.endsWith(`_${name}.ts`));
      if (file === undefined) throw new Error(`generate task wrote no file for ${name}`);
      return file.slice(0, -3);
    });
  const path = join(app, own(named));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, own(code));
}
