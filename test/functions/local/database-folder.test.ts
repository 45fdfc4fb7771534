import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DatabaseFolder } from '../../../functions/local/database-folder.ts';

it('names the file that says where the server is, where it cannot be read', async () => {
  const path = await mkdtemp(join(tmpdir(), 'after-party-folder-'));
  onTestFinished(() => rm(path, { recursive: true }));
  const folder = new DatabaseFolder(path);
  expect(await folder.readAddress()).toBeUndefined();
  await mkdir(join(path, 'server.json'));
  await expect(folder.readAddress()).rejects.toMatchObject({
    code: 'local-folder',
    message: expect.stringContaining(`${join(path, 'server.json')} cannot be read: EISDIR`),
    resolution: 'make it a file that you may read, or remove it',
  });
});
