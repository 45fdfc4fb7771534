import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { dynamoScan, list } from '../../../functions/sources/index.ts';
import { defineTask, type Json, type Shard, type TaskRequest } from '../../../functions/task/index.ts';

const root = resolve(import.meta.dirname, '../../..');

/** What tsc says of a module, in the strictness that CDK apps have. */
async function diagnose(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'types-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'task.ts');
  await writeFile(file, `import { defineTask } from '${root}/functions/task/index.ts';\n${source}`);
  const flags =
    '--noEmit --strict --skipLibCheck --allowImportingTsExtensions --target es2023 --module nodenext --types node'.split(
      ' ',
    );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const typeRoots = ['--typeRoots', join(root, 'node_modules/@types')];
  const run = promisify(execFile)(process.execPath, [tsc, ...flags, ...typeRoots, file], { cwd: folder });
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}

describe('the types of a task', () => {
  it('name the option that a misspelt one is near to', async () => {
    const said = await diagnose(`export default defineTask({ descripton: 'x', async run() {} });`);

    expect(said).toContain(`'descripton' does not exist in type`);
    expect(said).toContain(`Did you mean to write 'description'?`);
  }, 60_000);

  it('name it also in a task with items', async () => {
    const said = await diagnose(`
      import { list } from '${root}/functions/sources/index.ts';
      export default defineTask({ items: list([1]), concurency: 3, process() {} });`);

    expect(said).toContain(`'concurency' does not exist in type`);
    expect(said).toContain(`Did you mean to write 'concurrency'?`);
  }, 60_000);

  it.each(['shards: 4,', 'forEach: ({ env }) => [env.TENANT],'])(
    'name it also in a task with %s',
    async (split) => {
      const said = await diagnose(
        `export default defineTask({ descripton: 'x', ${split} async run({ env }) { env.TABLE; } });`,
      );

      expect(said).toContain(`'descripton' does not exist in type`);
      expect(said).toContain(`Did you mean to write 'description'?`);
    },
    60_000,
  );

  it('accept a task in the strictest mode', async () => {
    const said = await diagnose(`
      export default defineTask({
        description: 'x', when: 'manual', delivery: 'at-most-once', onFailure: 'continue', timeout: '90s',
        tags: ['a'], environments: ['production'], newEnvironment: 'baseline',
        async run({ env, logger, deploy, signal }) {
          logger.info(env.TABLE, { tasks: (await deploy.summary()).tasks.length });
          signal.throwIfAborted();
          return { done: true };
        },
      });`);

    expect(said).toBe('');
  }, 60_000);

  it('refuse a choice, a duration and a param that do not exist', () => {
    // @ts-expect-error not one of the choices
    expect(() => defineTask({ when: 'sometimes', run() {} })).toThrow(TypeError);
    // @ts-expect-error no unit
    expect(() => defineTask({ timeout: '90', run() {} })).toThrow(TypeError);
    defineTask({
      params: v.object({ from: v.string() }),
      // @ts-expect-error the schema has no such param
      run: ({ params }) => params.form,
    });
  });

  it('give a task without params none', () => {
    defineTask({
      run({ params }) {
        expectTypeOf(params).toEqualTypeOf<undefined>();
      },
    });
  });

  it('infer the params from the output of the schema', () => {
    defineTask({
      params: v.object({
        from: v.pipe(v.string(), v.transform(Number)),
        dry: v.optional(v.boolean(), false),
      }),
      secretParams: ['from'],
      run({ params }) {
        expectTypeOf(params).toEqualTypeOf<{ from: number; dry: boolean }>();
      },
    });
  });

  it('put on the context what its middlewares add, each of them', () => {
    // The shape of @middy/secrets-manager's and @middy/ssm's declarations.
    const secrets = (): middy.MiddlewareObj<
      unknown,
      unknown,
      Error,
      Context & { apiKey: string },
      { apiKey: Promise<string> }
    > => ({ before: (request) => void Object.assign(request.context, { apiKey: 'k' }) });
    const plain = (): middy.MiddlewareObj => ({ after: () => undefined });
    const tenant = {
      before(request: TaskRequest<{ tenant: { id: number } }>) {
        request.context.tenant = { id: Number(request.context.env.TENANT) };
      },
    };

    defineTask({
      middleware: [secrets(), plain(), tenant, { onError: (request) => console.error(request.event.name) }],
      run(ctx) {
        expectTypeOf(ctx.apiKey).toEqualTypeOf<string>();
        expectTypeOf(ctx.tenant).toEqualTypeOf<{ id: number }>();
        expectTypeOf(ctx.env).toEqualTypeOf<Readonly<Record<string, string>>>();
        // @ts-expect-error nothing adds this
        ctx.nothing;
        // @ts-expect-error a middleware finds the Lambda's context, a task does not
        ctx.awsRequestId;
      },
    });
  });

  it('infer the items from their source', () => {
    interface User {
      id: string;
    }
    const users: User[] = [];

    defineTask({
      items: list(users),
      process(user, ctx) {
        expectTypeOf(user).toEqualTypeOf<User>();
        expectTypeOf(ctx.dryRun).toEqualTypeOf<boolean>();
        // @ts-expect-error the runner keeps the place in the items
        ctx.checkpoint;
      },
    });
    defineTask({
      params: v.object({ from: v.string() }),
      items: async ({ env, params }) => list([{ table: env.TABLE, from: params.from }]),
      count: async ({ params }) => params.from.length,
      concurrency: 4,
      processBatch(rows, { params }) {
        expectTypeOf(rows).toEqualTypeOf<readonly { table: string | undefined; from: string }[]>();
        expectTypeOf(params.from).toEqualTypeOf<string>();
      },
    });
  });

  it('give the key to a task with forEach, wherever that stands', () => {
    const tenant = {
      before(request: TaskRequest<{ tenant: { id: string } }>) {
        if (request.context.key !== undefined) request.context.tenant = { id: request.context.key };
      },
    };

    defineTask({
      params: v.object({ from: v.string() }),
      middleware: [tenant],
      run({ key, params, tenant, checkpoint }) {
        expectTypeOf(key).toEqualTypeOf<string>();
        expectTypeOf(params.from).toEqualTypeOf<string>();
        expectTypeOf(tenant).toEqualTypeOf<{ id: string }>();
        expectTypeOf(checkpoint).toBeFunction();
      },
      parallel: 4,
      async forEach(ctx) {
        expectTypeOf(ctx.params.from).toEqualTypeOf<string>();
        expectTypeOf(ctx.tenant).toEqualTypeOf<{ id: string }>();
        // @ts-expect-error it gives the keys
        ctx.key;
        return [ctx.params.from];
      },
    });
    defineTask({
      async *forEach({ env }) {
        yield env.TENANT ?? '';
      },
      items: ({ key }) => list([key.length]),
      process(item, ctx) {
        expectTypeOf(item).toEqualTypeOf<number>();
        expectTypeOf(ctx.key).toEqualTypeOf<string>();
        // @ts-expect-error it is split by keys
        ctx.shard;
      },
    });
  });

  it('give the shard to a task with shards', () => {
    defineTask({
      items: dynamoScan<{ id: string }>({ TableName: 'users' }),
      shards: 4 * 4,
      process(user, { shard }) {
        expectTypeOf(user.id).toEqualTypeOf<string>();
        expectTypeOf(shard).toEqualTypeOf<Shard>();
      },
    });
    defineTask({
      shards: 16,
      run(ctx) {
        expectTypeOf(ctx.shard).toEqualTypeOf<Shard>();
        // @ts-expect-error it is split by numbers
        ctx.key;
      },
    });
    defineTask({
      run(ctx) {
        // @ts-expect-error it is not split
        ctx.shard;
      },
    });
  });

  it('refuse to be split twice, or by what are no keys', () => {
    // @ts-expect-error one of the two
    expect(() => defineTask({ shards: 4, forEach: () => ['a'], run() {} })).toThrow(TypeError);
    // @ts-expect-error into what is not said
    expect(() => defineTask({ parallel: 4, run() {} })).toThrow(TypeError);
    // @ts-expect-error no texts
    defineTask({ forEach: () => [1, 2], run() {} });
  });

  it('refuse what contradicts', () => {
    const items = list([1]);
    // @ts-expect-error a task does its work as a whole or goes through items
    expect(() => defineTask({ items, run() {} })).toThrow(TypeError);
    // @ts-expect-error one of the two
    expect(() => defineTask({ items, process() {}, processBatch() {} })).toThrow(TypeError);
    // @ts-expect-error nothing to do
    expect(() => defineTask({ items })).toThrow(TypeError);
    // @ts-expect-error one item at a time
    expect(() => defineTask({ items, batchSize: 5, process() {} })).toThrow(TypeError);
  });

  it('give a run task what it resumes by', () => {
    defineTask({
      async run({ cursor, checkpoint }) {
        expectTypeOf(cursor).toEqualTypeOf<Json | undefined>();
        expectTypeOf(await checkpoint({ page: 2 }, { done: 1 })).toEqualTypeOf<boolean>();
        // @ts-expect-error no JSON
        checkpoint(new Date());
      },
    });
  });

  it('refuse a middleware for another kind of event', () => {
    const http: middy.MiddlewareObj<{ httpMethod: string }> = { before: () => undefined };
    defineTask({
      // @ts-expect-error a task's event has no httpMethod
      middleware: [http],
      run() {},
    });
  });
});
