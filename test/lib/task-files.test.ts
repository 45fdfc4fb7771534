import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTaskFiles, findTasksFolder } from '../../lib/task-files.ts';
import { tasksFolder, temporaryFolder, writeFiles } from './app-under-test.ts';

describe('findTasksFolder', () => {
  it('goes up to the nearest cdk.json', () => {
    const app = writeFiles(temporaryFolder(), { 'cdk.json': '{}', 'tasks/README.md': '', 'lib/deep/x': '' });

    expect(findTasksFolder('tasks', join(app, 'lib/deep'))).toBe(join(app, 'tasks'));
  });

  it('takes the nearest of several', () => {
    const outer = writeFiles(temporaryFolder(), {
      'cdk.json': '{}',
      'app/cdk.json': '{}',
      'app/tasks/x': '',
    });

    expect(findTasksFolder('tasks', join(outer, 'app'))).toBe(join(outer, 'app/tasks'));
  });

  it('takes an absolute path where there is no cdk.json', () => {
    const folder = temporaryFolder();

    expect(findTasksFolder(folder, '/')).toBe(folder);
  });

  it('fails without a cdk.json, naming what it looked for', () => {
    expect(() => findTasksFolder('chores', temporaryFolder())).toThrow(
      /"chores".*nearest cdk\.json.*none in/,
    );
  });

  it('fails where there is no such folder', () => {
    const app = writeFiles(temporaryFolder(), { 'cdk.json': '{}', chores: 'a file' });

    expect(() => findTasksFolder('chores', app)).toThrow(/there is no folder .*chores/);
  });
});

describe('findTaskFiles', () => {
  it('finds tasks of every kind of module in version order, also in subfolders', () => {
    const folder = tasksFolder({
      '0010_c.mts': '',
      '9_b.ts': '',
      'sub/deep/007_a.cjs': '',
      '20260101000000_d.js': '',
      '11_e.cts': '',
      '12_f.mjs': '',
    });

    expect(findTaskFiles(folder).map(({ file }) => file)).toEqual([
      'sub/deep/007_a.cjs',
      '9_b.ts',
      '0010_c.mts',
      '11_e.cts',
      '12_f.mjs',
      '20260101000000_d.js',
    ]);
  });

  it('leaves out what is no task', () => {
    const folder = tasksFolder({
      '_shared.ts': '',
      '1_first.test.ts': '',
      'types.d.ts': '',
      '.hidden/2_b.ts': '',
      'node_modules/x/index.js': '',
      'README.md': '',
      'data.csv': '',
      '.env.local': '',
    });

    expect(findTaskFiles(folder)).toEqual([]);
  });

  it('takes the SHA-256 of the text with LF line ends', () => {
    const [unix] = findTaskFiles(tasksFolder({ '1_a.ts': 'one\ntwo\n' }));
    const [windows] = findTaskFiles(tasksFolder({ '1_a.ts': 'one\r\ntwo\r\n' }));

    expect(unix?.checksum).toBe(createHash('sha256').update('one\ntwo\n').digest('hex'));
    expect(windows?.checksum).toBe(unix?.checksum);
  });

  it('fails for every module without a version, with the rename', () => {
    const folder = tasksFolder({ 'backfill.ts': '', 'sub/import.js': '' });

    expect(() => findTaskFiles(folder)).toThrow(
      /backfill\.ts has no version: rename it to .*_backfill\.ts[\s\S]*sub\/import\.js has no version/,
    );
  });

  it('fails for a version that is too long for the ledger', () => {
    const folder = tasksFolder({ [`${'1'.repeat(39)}_x.ts`]: '' });

    expect(() => findTaskFiles(folder)).toThrow(/39 digits.*at most 38/);
  });

  it('fails for two files of one version, naming both', () => {
    const folder = tasksFolder({ '007_a.ts': '', 'sub/7_b.ts': '' });

    expect(() => findTaskFiles(folder)).toThrow(/007_a\.ts and sub\/7_b\.ts have one version/);
  });

  it('fails for two files of one name, naming both', () => {
    const folder = tasksFolder({ '1_a.ts': '', '2_a.js': '' });

    expect(() => findTaskFiles(folder)).toThrow(/1_a\.ts and 2_a\.js have one name/);
  });

  it('takes no folder for a task, whatever its name', () => {
    const folder = tasksFolder({ '2_real.ts': '' });
    mkdirSync(join(folder, '1_folder.ts'));

    expect(findTaskFiles(folder).map(({ name }) => name)).toEqual(['real']);
  });
});
