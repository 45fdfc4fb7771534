import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Manifest } from '../functions/manifest.ts';
import { checkTasksLoad } from './load-check.ts';
import { controllerFile } from './package-files.ts';
import { bundleTasks, type TaskBundling } from './task-bundle.ts';
import type { TaskSource } from './task-files.ts';
import { synthTimeVariables } from './task-variables.ts';

export interface TaskAssetsProps {
  readonly folder: string;
  readonly tasks: readonly TaskSource[];
  readonly environment: Readonly<Record<string, string>>;
  readonly bundling: TaskBundling;
}

/** Folders with the code of the two functions, each with an `index.mjs`. */
export interface TaskAssets {
  readonly runner: string;
  readonly controller: string;
}

/**
 * Makes the code of the functions and hands it to `use`, which has to stage it: the folders are gone thereafter.
 * @throws PartyError for tasks that do not compile or load
 */
export function withTaskAssets<T>(
  scope: Construct,
  props: TaskAssetsProps,
  use: (assets: TaskAssets) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'after-party-'));
  try {
    const assets = { runner: join(folder, 'runner'), controller: join(folder, 'controller') };
    mkdirSync(assets.runner);
    mkdirSync(assets.controller);
    if (Stack.of(scope).bundlingRequired) writeCode(scope, props, assets);
    else writePlaceholders(assets);
    return use(assets);
  } finally {
    // With this context the CDK refers to the folders where they are, instead of copying them.
    if (!scope.node.tryGetContext('aws:cdk:disable-asset-staging')) rmSync(folder, { recursive: true });
  }
}

function writeCode(scope: Construct, props: TaskAssetsProps, { runner, controller }: TaskAssets): void {
  const { folder, tasks, environment, bundling } = props;
  const { region } = Stack.of(scope);
  bundleTasks(folder, tasks, bundling, runner);
  const manifest: Manifest = checkTasksLoad({
    bundle: runner,
    folder,
    environment: synthTimeVariables(environment),
    region: Token.isUnresolved(region) ? 'us-east-1' : region,
    needsModules: (bundling.externalModules ?? []).length > 0,
  });
  copyFileSync(controllerFile(), join(controller, 'index.mjs'));
  writeFileSync(join(controller, 'manifest.json'), JSON.stringify(manifest, undefined, 1));
}

/** For a stack that this synth only looks at. */
function writePlaceholders(assets: TaskAssets): void {
  for (const folder of [assets.runner, assets.controller]) {
    writeFileSync(join(folder, 'index.mjs'), 'export const handler = undefined;\n');
  }
}
