import { expect, it, onTestFinished } from 'vitest';
import { blocksIn } from '../documents/pages.ts';
import { followed } from '../documents/run-by.ts';
import { workflowSteps } from '../documents/workflow.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { packedTarball, versionsOfRepository } from './harness/packed-package.ts';
import { type FinishedStep, runJob } from './harness/run-job.ts';
import { Shell } from './harness/shell.ts';
import { ShownLines } from './harness/shown-lines.ts';

const PAGE = 'docs/recipes.md';
const codeOf = (section: string, language: string): string => {
  const found = blocksIn(PAGE, section).find((block) => block.language === language);
  if (found === undefined) throw new Error(`${section} has no ${language}`);
  return found.code;
};
const steps = workflowSteps(codeOf('GitHub Actions with OIDC', 'yaml'));

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTask } from 'after-party/testing';
import task from '../tasks/20261123090000_seed_default_roles.ts';

test('gives a tenant roles', async (t) => {
  const put = t.mock.method(globalThis, 'fetch', async () => new Response());

  const { state } = await runTask(task, { env: { IDENTITY_URL: 'http://identity' }, key: 'a/b' });

  assert.equal(state, 'succeeded');
  assert.equal(put.mock.calls[0]?.arguments[0], 'http://identity/tenants/a%2Fb/roles');
});
`;
/** Ran long ago where the app was before. */
const TAKEN_ALONG = `import { defineTask } from 'after-party/task';

export default defineTask({
  run() {
    throw new Error('this ran on Heroku');
  },
});
`;

it('deploys two environments in a GitHub workflow, and repairs a tenant', async () => {
  const lines = new ShownLines(followed.environments);
  const refused = new Set(['/production/tenants/acme/roles']);
  const identity = await startLoopbackServer(({ path }) => {
    if (path.endsWith('/tenants')) return [200, '["acme","globex"]'];
    return refused.delete(path) ? 503 : 200;
  });
  onTestFinished(() => identity.stop());
  const shell = await Shell.open();
  onTestFinished(() => shell.close());
  await shell.install(
    'psql',
    `[ "$*" = "-Atc select version from task_records" ] && printf '20180601080000\n20191104120000\n'`,
  );
  await writeApp(shell, identity.url);
  const person = async (environment: string, line: string): Promise<string> => {
    shell.exported.AFTER_PARTY_STACK = `Shop-${environment}`;
    const { code, printed } = await shell.run(line);
    expect(code, `${line}\n${printed}`).toBe(0);
    return printed;
  };
  await person('staging', 'npm install');
  for (const { run } of steps) if (run !== undefined) lines.take(run);
  await person('staging', lines.take('cdk deploy --all'));

  await shell.write({
    'tasks/20191104120000_move_images.ts': TAKEN_ALONG,
    'tasks/20261123090000_seed_default_roles.ts': codeOf('Tenants', 'ts'),
    'test/seed-default-roles.test.ts': TEST,
  });
  const baseline = lines.take('psql');
  await person('production', baseline);
  const broken = await push(shell.folder);
  expect(broken.map(({ code }) => code)).toEqual([0, 0, 1, 0]);
  const [failed, shown] = broken.slice(-2);
  expect(failed?.printed).toContain('this ran on Heroku');
  expect(shown?.printed).toMatch(/baselined .* move_images/);

  await person('staging', baseline);
  const mended = await push(shell.folder);
  expect(mended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);

  const shows = await person('production', lines.take('show seed_default_roles'));
  expect(shows).toMatch(/acme.*HTTP 503/s);
  await person('production', lines.take('--key acme'));
  const status = await person('production', lines.take('--env production'));
  expect(status).toMatch(/succeeded .* seed_default_roles/);
  const compared = await person('production', lines.take('--compare'));
  expect(compared).toContain('0 of 3 differ');
  expect(lines.left).toEqual([]);
}, 900_000);

/** The app of the page, before it has tasks. */
async function writeApp(shell: Shell, identityUrl: string): Promise<void> {
  const packages = await versionsOfRepository(['aws-cdk', 'aws-cdk-lib', 'constructs', 'tsx']);
  const app = codeOf('Several environments', 'ts');
  await shell.write({
    'package.json': JSON.stringify({
      private: true,
      type: 'module',
      scripts: { test: 'node --import tsx --test "test/**/*.test.ts"' },
      dependencies: { ...packages, 'after-party': `file:${await packedTarball()}` },
    }),
    'cdk.json': JSON.stringify({ app: 'npx tsx bin/app.ts' }),
    'bin/app.ts': app.replace(/https:\/\/identity-(.*?)\.example\.com/, `${identityUrl}/$1`),
    'tasks/README.md': '',
  });
}

/** Runs the workflow on a machine of its own. */
async function push(folder: string): Promise<FinishedStep[]> {
  const runner = await Shell.open(folder);
  onTestFinished(() => runner.close());
  runner.exported.CI = 'true';
  await runner.run('rm -rf cdk.out');
  return runJob(steps, runner);
}
