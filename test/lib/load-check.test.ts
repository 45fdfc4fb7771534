import { readdirSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { messageOf } from '../../functions/errors.ts';
import { parseManifest } from '../../functions/manifest.ts';
import { checkTasksLoad, type LoadCheck } from '../../lib/load-check.ts';
import { bundleTasks } from '../../lib/task-bundle.ts';
import { findTaskFiles } from '../../lib/task-files.ts';
import { TASK, taskModule, tasksFolder, temporaryFolder, writeFiles } from './app-under-test.ts';

function checked(folder: string, options: Partial<LoadCheck> = {}, externalModules: string[] = []) {
  const bundle = temporaryFolder();
  bundleTasks(folder, findTaskFiles(folder), { externalModules }, bundle);
  const manifest = checkTasksLoad({
    bundle,
    folder,
    environment: {},
    region: 'eu-west-1',
    needsModules: externalModules.length > 0,
    ...options,
  });
  return { manifest, bundle };
}

/** What the action fails with. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('it did not fail');
}

function schema(validate: string): string {
  return `{ '~standard': { version: 1, vendor: 'test', validate: ${validate} } }`;
}

vi.setConfig({ testTimeout: 60_000 });

describe('checkTasksLoad', () => {
  it('describes the tasks in version order', () => {
    const options = `description: 'Two', when: 'manual', delivery: 'at-most-once', onFailure: 'continue', tags: ['a'],
      environments: ['prod'], newEnvironment: 'baseline', secretParams: ['key'], run() {},
      params: ${schema("() => ({ issues: [{ message: 'needed' }] })")}`;
    const folder = tasksFolder({ '02_second.ts': taskModule(options), '1_remove_the_rest.js': TASK });

    const { manifest } = checked(folder);

    const [first, second] = parseManifest(manifest, 'the manifest').tasks;
    expect(first).toEqual({
      version: '1',
      name: 'remove_the_rest',
      file: '1_remove_the_rest.js',
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      description: 'Remove the rest',
      when: 'once',
      delivery: 'at-least-once',
      tags: [],
      iterates: false,
      takesParams: false,
      secretParams: [],
    });
    expect(second).toMatchObject({
      version: '02',
      description: 'Two',
      when: 'manual',
      delivery: 'at-most-once',
      onFailure: 'continue',
      tags: ['a'],
      environments: ['prod'],
      newEnvironment: 'baseline',
      iterates: false,
      takesParams: true,
      secretParams: ['key'],
    });
  });

  it('says into what a task is split', () => {
    const folder = tasksFolder({
      '1_backfill.ts': taskModule('shards: 16, run() {}'),
      '2_tenants.ts': taskModule("forEach: () => { throw new Error('not asked at synth'); }, run() {}"),
      '3_plain.ts': TASK,
    });

    const { manifest } = checked(folder);

    const tasks = parseManifest(manifest, 'the manifest').tasks.map(({ splits, shards }) => ({
      splits,
      shards,
    }));
    expect(tasks).toEqual([{ splits: 'shards', shards: 16 }, { splits: 'keys' }, {}]);
  });

  it('gives the tasks their variables and a region, and nothing of this machine', () => {
    vi.stubEnv('AWS_PROFILE', 'mine').stubEnv('AWS_ACCESS_KEY_ID', 'mine').stubEnv('MY_TOKEN', 'mine');
    const folder = tasksFolder({
      '1_a.ts': `${taskModule('run() {}')}throw new Error(JSON.stringify(process.env));`,
    });

    const NODE_OPTIONS = '--require /opt/only-in-lambda.js';
    const said = complaint(() => checked(folder, { environment: { USERS_TABLE: 'users', NODE_OPTIONS } }));

    expect(said).toContain('"USERS_TABLE":"users"');
    expect(said).toContain('"AWS_REGION":"eu-west-1"');
    expect(said).toContain('"AWS_SHARED_CREDENTIALS_FILE":"/dev/null"');
    expect(said).not.toMatch(/mine|only-in-lambda|VITEST|HOME/);
  });

  it.each([
    [
      'throws on load',
      "export const x = 1;\nthrow new RangeError('boom');",
      /it throws.*RangeError: boom, at line 2/,
    ],
    ['throws what is no Error', "throw 'boom';", /it throws when it is loaded: boom/],
    [
      'rejects on load',
      "Promise.reject(new TypeError('late'));",
      /ends the process with exit code 1.*TypeError: late/,
    ],
    ['has no default export', 'export const task = 1;', /no default export: write export default defineTask/],
    ['exports something else', 'export default { run() {} };', /a default export that is no task/],
    ['misspells an option', taskModule('runn() {}'), /unknown option "runn": did you mean "run"\?/],
    ['exits with 0', 'process.exit(0);', /ends the process with exit code 0 when it is loaded/],
    ['exits with 3', 'process.exit(3);', /ends the process with exit code 3 when it is loaded/],
    ['awaits forever', 'await new Promise(() => {});', /never finishes loading/],
    [
      'cannot do without params',
      taskModule(
        `run() {}, params: ${schema("() => ({ issues: [{ message: 'is needed', path: ['month'] }] })")}`,
      ),
      /a deploy runs it without params.*month: is needed.*set when: 'manual'/,
    ],
  ])('fails for a task that %s, naming its file', (_what, code, message) => {
    const folder = tasksFolder({ '1_good.ts': TASK, 'sub/2_bad.ts': code, '3_good_too.ts': TASK });

    const said = complaint(() => checked(folder));

    expect(said).toMatch(message);
    expect(said).toMatch(/^tasks\/sub\/2_bad\.ts: /);
  });

  it.each([
    ['loops', 'for (;;);'],
    ['waits with a timer', 'setInterval(() => {}, 1000); await new Promise(() => {});'],
  ])('fails for a task that %s, when the time is up', (_what, code) => {
    const folder = tasksFolder({ '1_good.ts': TASK, '2_bad.ts': code });

    expect(() => checked(folder, { timeoutMs: 4_000 })).toThrow(
      /^tasks\/2_bad\.ts: it did not finish loading within 4 s$/m,
    );
  });

  it('names every broken task at once', () => {
    const folder = tasksFolder({ '1_a.ts': 'export {};', '2_b.ts': TASK, '3_c.ts': "throw new Error('x');" });

    expect(() => checked(folder)).toThrow(/^tasks\/1_a\.ts: [\s\S]*^tasks\/3_c\.ts: /m);
  });

  it('is content with a task that leaves timers and says much', () => {
    const noise =
      "setInterval(() => {}, 1000); console.log('x'.repeat(2_000_000)); console.error('y'.repeat(2_000_000));";

    expect(checked(tasksFolder({ '1_a.ts': `${noise}\n${TASK}` })).manifest.tasks).toHaveLength(1);
  });

  it('finds modules of layers where the tasks would, and leaves nothing in the bundle', () => {
    const project = writeFiles(temporaryFolder(), {
      'tasks/1_a.ts': `${TASK}\nimport { here } from 'in-a-layer'; if (here !== 1) throw new Error('not found');`,
      'node_modules/in-a-layer/index.js': 'exports.here = 1;',
    });

    const { manifest, bundle } = checked(`${project}/tasks`, {}, ['in-a-layer']);

    expect(manifest.tasks).toHaveLength(1);
    expect(readdirSync(bundle)).not.toContain('node_modules');
  });
});
