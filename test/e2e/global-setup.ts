import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { appEnvironment } from './harness/cdk-app.ts';
import { mustRun } from './harness/command.ts';
import { installMinistack, MINISTACK_FOLDER, startMinistack } from './harness/ministack.ts';
import { hideDist, installPackedPackage, restoreDist } from './harness/packed-package.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where MiniStack answers as AWS. */
    endpoint: string;
    /** The folder outside the repository in which the packed package is installed. */
    installation: string;
  }
}

/** Once for all scenarios: a bootstrapped MiniStack, and the packed package in a folder of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  const teardown = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const python = await installMinistack(MINISTACK_FOLDER);
    await restoreDist();
    const installation = await installPackedPackage();
    if (process.env.KEEP_E2E_APPS === undefined) {
      undo.push(() => rm(installation, { recursive: true, force: true }));
    } else {
      console.log(`the apps stay in ${installation}`);
    }
    undo.push(restoreDist);
    await hideDist();
    const ministack = await startMinistack(python);
    undo.push(ministack.stop);
    await mustRun('cdk', ['bootstrap', 'aws://000000000000/us-east-1'], {
      cwd: installation,
      env: appEnvironment(installation, ministack.endpoint),
      timeoutMs: 120_000,
    });
    project.provide('endpoint', ministack.endpoint);
    project.provide('installation', installation);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
