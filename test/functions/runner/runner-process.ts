import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import type { Work } from '../../../functions/workflow-messages.ts';

const root = resolve(import.meta.dirname, '../../..');

/** How a runner's process ended, and what it wrote. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  /** What the handler answered, or threw. */
  readonly answers: readonly unknown[];
  readonly output: string;
}

/** A task file's text; `defineTask` is imported for it. */
export type TaskSource = { readonly file: string; readonly body: string };

/**
 * Bundles task files with the runner, as the construct does, and invokes it in a process of its own, which has
 * Lambda's listeners: they end the process with 129.
 */
export async function invokeInProcess(
  sources: readonly TaskSource[],
  work: Work,
  invocation: { remainingMs: number; env: Record<string, string> },
): Promise<ProcessEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'tasks'));
  for (const { file, body } of sources) {
    await writeFile(
      join(folder, 'tasks', file),
      `import { defineTask } from '${root}/functions/task/index.ts';\n${body}`,
    );
  }
  const files = sources.map(({ file }) => {
    const [, version, name] = /^(\d+)_(\w+)\.ts$/.exec(file) ?? [];
    const fields = JSON.stringify({ version, name, file, checksum: 'c0ffee' }).slice(0, -1);
    return `${fields},"load":()=>import('./tasks/${file}')}`;
  });
  await build({
    stdin: {
      contents: `
        import { createRunner } from '${root}/functions/runner/index.ts';
        for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => process.exit(129));
        const runner = createRunner([${files.join(',')}]);
        process.once('message', async ({ work, remainingMs, env }) => {
          Object.assign(process.env, env);
          const endsAt = Date.now() + remainingMs;
          const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => endsAt - Date.now() };
          const answer = await runner(work, context).catch((error) => ({ threw: error.message }));
          process.send(answer, () => process.disconnect());
        });`,
      resolveDir: folder,
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    sourcemap: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const child = fork(join(folder, 'stdin.mjs'), {
    execArgv: ['--enable-source-maps'],
    // A test runner's variables, and any real credentials, stay here.
    env: { PATH: process.env.PATH },
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  const answers: unknown[] = [];
  child.on('message', (answer) => answers.push(answer));
  child.send({ work, ...invocation });
  const exitCode = await new Promise<number | null>((end) => child.once('close', end));
  return { exitCode, answers, output };
}
