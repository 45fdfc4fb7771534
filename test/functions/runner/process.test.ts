import { describe, expect, it } from 'vitest';
import type { TaskRecord } from '../../../functions/ledger/index.ts';
import { invokeInProcess, type ProcessEnd } from './runner-process.ts';
import { database, party, setUpParty } from './set-up-party.ts';

setUpParty();

/** Runs one task in a runner's own process. */
async function execute(
  body: string,
  options: { delivery?: 'at-most-once'; remainingMs?: number } = {},
): Promise<{ record: TaskRecord; end: ProcessEnd }> {
  const { delivery = 'at-least-once', remainingMs = 60_000 } = options;
  party.add('1', { run: () => 'in another process' }, { delivery, name: 'breaks' });
  const work = { v: 1, runId: await party.begin(), versions: ['1'], timeoutSeconds: 900 } as const;
  const env = {
    AFTER_PARTY_TABLE: 'ledger',
    AFTER_PARTY_LEDGER_ID: party.ledger.id,
    AFTER_PARTY_ENVIRONMENT: 'test',
    AFTER_PARTY_RUNNER_TIMEOUT: '900',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${database.port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const source = { file: '1_breaks.ts', body: body.trimStart() };
  const end = await invokeInProcess(
    [source],
    { ...work, versions: [...work.versions] },
    { remainingMs, env },
  );
  return { record: await party.record('1'), end };
}

describe('a runner in a process of its own', () => {
  it('reads the environment at its first invocation and answers', async () => {
    const { record, end } = await execute(
      `export default defineTask({ run: ({ environmentName }) => environmentName });`,
    );

    expect(record).toMatchObject({ state: 'succeeded', result: 'test' });
    expect(end).toMatchObject({ exitCode: 0, answers: [{ v: 1, runId: record.lastRun }] });
  });

  it('names the line of the source in which a task threw', async () => {
    const { record } = await execute(`
interface Title { text?: string }
const trim = (title: Title) => title.text!.trim();
export default defineTask({
  async run() {
    await Promise.resolve();
    return trim({});
  },
});`);

    expect(record.error).toMatchObject({ name: 'TypeError', at: 'tasks/1_breaks.ts:3' });
    expect(record.error?.stack).toContain('tasks/1_breaks.ts:7:');
  });
});

describe('process.exit in a task', () => {
  it.each([
    ['in its body', `run() { process.exit(0); }`],
    ['within a try', `async run() { try { process.exit(0); } catch { await new Promise(() => {}); } }`],
    ['in a callback', `run: () => new Promise(() => setTimeout(() => process.exit(0), 10))`],
  ])('%s is recorded as its failure before the process ends', async (_where, run) => {
    const { record, end } = await execute(`export default defineTask({ ${run} });`);

    expect(record).toMatchObject({
      state: 'failed',
      reason: 'process.exit(0) was called inside the task',
      error: { name: 'ProcessExit', at: 'tasks/1_breaks.ts:2' },
    });
    expect(end).toMatchObject({ exitCode: 1, answers: [] });
    expect(end.output).toContain('"message":"task failed"');
    expect(end.output).not.toContain('after the task had ended');
  });

  it('does not let the lines behind it run', async () => {
    const { end } = await execute(
      `export default defineTask({ run() { process.exit(); console.log('behind it'); } });`,
    );

    expect(end.output).not.toContain('behind it');
  });

  it('while its module loads is recorded too', async () => {
    const { record } = await execute(`process.exit(3);\nexport default defineTask({ run() {} });`);

    expect(record).toMatchObject({ state: 'failed', reason: 'process.exit(3) was called inside the task' });
  });

  it('puts an at-most-once task in doubt', async () => {
    const { record } = await execute(
      `export default defineTask({ delivery: 'at-most-once', run() { process.exit(0); } });`,
      { delivery: 'at-most-once' },
    );

    expect(record.state).toBe('in-doubt');
  });
});

describe('what nobody handles', () => {
  it.each([
    [
      'a rejection that is not awaited',
      'unhandled rejection',
      `run() { Promise.reject(new Error('lost')); return 'done'; }`,
    ],
    [
      'a later rejection',
      'unhandled rejection',
      `run: () => new Promise(() => setTimeout(() => { Promise.reject(new Error('lost')); }, 10))`,
    ],
    [
      'an exception in a callback',
      'uncaught exception',
      `run: () => new Promise(() => setTimeout(() => { throw new Error('lost'); }, 10))`,
    ],
  ])(
    '%s is recorded as the failure of the task, ahead of the listeners of Lambda',
    async (_what, reason, run) => {
      const { record, end } = await execute(`export default defineTask({ ${run} });`);

      expect(record).toMatchObject({
        state: 'failed',
        reason: `${reason}: lost`,
        error: { message: 'lost', at: 'tasks/1_breaks.ts:2' },
      });
      expect(end).toMatchObject({ exitCode: 1, answers: [] });
    },
  );
});

describe('a task that never settles', () => {
  it('is recorded, and its process is ended', async () => {
    const { record, end } = await execute(
      `export default defineTask({ timeout: '1s', run: () => new Promise(() => {}) });`,
      { remainingMs: 10_000 },
    );

    expect(record).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('timed out after 1 s; it went on'),
    });
    expect(end).toMatchObject({ exitCode: 1, answers: [] });
    expect(end.output).toContain('"message":"task failed"');
  });
});
