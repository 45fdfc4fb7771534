import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { CTRL_C, openTerminal } from './pty.ts';

const DOWN = '\u001b[B';

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-dev-'));
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  for (const name of ['1_one', '2_two'])
    await writeFile(
      join(app, `tasks/${name}.ts`),
      `import { defineTask } from 'after-party/task';\nexport default defineTask({ run: () => 'this is ${name}' });\n`,
    );
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true });
});

it('dev asks which task is meant, and ends at Ctrl-C', { timeout: 120_000 }, async () => {
  const terminal = openTerminal(['dev'], { cwd: app });

  await terminal.sees('Which task?');
  terminal.press(DOWN);
  await terminal.sees(/● 2_two/);
  terminal.press('\r');
  await terminal.sees(/✔ 2_two .*this is 2_two/);
  await terminal.sees('waiting for changes (Ctrl-C to end)');
  expect(terminal.written).toContain('bundling 2_two');
  expect(terminal.text).not.toContain('bundling');
  terminal.press(CTRL_C);

  expect(await terminal.end()).toBe(0);
  expect(terminal.hasCursor).toBe(true);
});

it('dev runs nothing where the question is left with Ctrl-C', { timeout: 120_000 }, async () => {
  const terminal = openTerminal(['dev'], { cwd: app });

  await terminal.sees('Which task?');
  terminal.press(CTRL_C);

  expect(await terminal.end()).toBe(130);
  expect(terminal.text).toContain('nothing was done');
  expect(terminal.hasCursor).toBe(true);
});
