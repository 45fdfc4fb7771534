import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { followed } from '../documents/run-by.ts';
import { followPage } from './harness/follow-page.ts';
import { versionsOfRepository } from './harness/packed-package.ts';
import { Shell } from './harness/shell.ts';

const APP = `import { App } from 'aws-cdk-lib';
import { ShopStack } from '../lib/shop-stack';

new ShopStack(new App(), 'QuickStart');
`;

it('runs a task of an app that is there, on the machine and by a deploy', async () => {
  const shell = await Shell.open();
  onTestFinished(() => shell.close());
  await shell.approveRoles();
  const dependencies = await versionsOfRepository(['aws-cdk', 'aws-cdk-lib', 'constructs', 'tsx']);
  await shell.write({
    'package.json': JSON.stringify({ private: true, dependencies }),
    'cdk.json': JSON.stringify({ app: 'npx tsx bin/shop.ts' }),
    'bin/shop.ts': APP,
  });
  // The page says above each which file it is.
  const modules = [() => 'lib/shop-stack.ts', onlyTask];

  const printed = await followPage(followed.quickStart, shell, async (code) => {
    const module = modules.shift();
    if (module === undefined) throw new Error(`which file is this?\n${code}`);
    await shell.write({ [await module()]: code });
  });

  expect(printed).toMatch(/succeeded .* backfill_full_name .* 0 items/);
  expect(modules).toEqual([]);

  async function onlyTask(): Promise<string> {
    const [file, ...others] = (await readdir(join(shell.folder, 'tasks'))).filter((name) => /^\d/.test(name));
    expect(others).toEqual([]);
    return `tasks/${file}`;
  }
}, 900_000);
