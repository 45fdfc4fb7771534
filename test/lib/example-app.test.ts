import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { findTaskFiles } from '../../lib/task-files.ts';
import { temporaryFolder } from './app-under-test.ts';

vi.setConfig({ testTimeout: 120_000 });

const ROOT = join(import.meta.dirname, '../..');

it('the example app synthesises with all example tasks, without a complaint', () => {
  const out = temporaryFolder();

  const { status, stderr } = spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: ROOT,
    env: { ...process.env, CDK_OUTDIR: out },
    encoding: 'utf8',
  });

  expect(stderr).toBe('');
  expect(status).toBe(0);
  const controller = readdirSync(out).find(
    (name) => name.startsWith('asset.') && readdirSync(join(out, name)).includes('manifest.json'),
  );
  const manifest = JSON.parse(readFileSync(join(out, controller ?? '', 'manifest.json'), 'utf8'));
  expect(manifest.tasks.map(({ file }: { file: string }) => file)).toEqual(
    findTaskFiles(join(ROOT, 'tasks')).map(({ file }) => file),
  );
});
