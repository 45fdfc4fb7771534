import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { deploy } from './harness/deploy.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { lineOf, shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Crashes';
const stack = new DeployedStack(STACK);
let app: CdkApp;

const EXITS = task({ body: 'process.exit(0);' });

/** Each ends in a way that no handler of the task's can catch. */
const CRASHES = [
  {
    file: '10_exits',
    module: EXITS,
    reason: RegExp(
      `process.exit\\(0\\) was called inside the task, at tasks/10_exits.ts:${lineOf(EXITS, 'exit')}\\.`,
    ),
  },
  { file: '20_spins', module: task({ body: 'for (;;);' }), reason: /the runner's timeout of 10 s ended it/ },
  {
    file: '30_hangs',
    module: task({ first: `timeout: '1s',`, body: 'await new Promise(() => {});' }),
    reason: /timed out after 1 s/,
  },
  {
    file: '40_grows',
    module: task({
      body: 'const kept: number[][] = [];\n    for (;;) kept.push(new Array(100_000).fill(1.5));',
    }),
    // On AWS, whose error names it, the reason is that it ran out of memory.
    reason: /the runner crashed|the runner ran out of memory/,
  },
];
const LAST = '50_last';

beforeAll(async () => {
  app = await shopApp('crashes', {
    stack: STACK,
    environment: `NODE_OPTIONS: '--max-old-space-size=64'`,
    props: 'timeout: Duration.seconds(10),',
    tasks: { '1_first': task() },
  });
  const first = await deploy(app, stack);
  expect(first.words).toMatch(/1 of 1 ran/);
  await writeTasks(app, { [LAST]: task() });
  await writeTasks(app, Object.fromEntries(CRASHES.map(({ file, module }) => [file, module])));
});

describe('a task that takes the runner down', () => {
  it.each(CRASHES.map((crash, index) => ({ ...crash, mended: CRASHES[index - 1]?.file })))(
    'fails the deploy: $file',
    async ({ file, reason, mended }) => {
      // prepare
      if (mended !== undefined) await writeTasks(app, { [mended]: task() });

      // act
      const { exitCode, output, words, ran } = await deploy(app, stack);

      // assess
      const named = words.slice(words.indexOf(`task ${file} failed (attempt 1`));
      expect(named).toMatch(/^task /);
      expect(named.slice(0, 600)).toMatch(reason);
      expect(exitCode, output).toBe(1);
      // The one before has been mended, and the deploy starts there; nothing behind has run.
      const names = [mended, file].flatMap((name) => name?.split('_')[1] ?? []);
      expect(ran).toEqual(names);
    },
  );

  it('runs again once it is mended, and those behind it after it', async () => {
    await writeTasks(app, { '40_grows': task() });

    const { exitCode, output, words, ran } = await deploy(app, stack);

    expect(words).toMatch(/TasksResult\w* = 2 of 2 ran/);
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['grows', 'last']);
  });
});
