import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../../functions/task/index.ts';
import { ProcessEnded } from './party.ts';
import { output, party, setUpParty } from './set-up-party.ts';

setUpParty();

const untilAborted = ({ signal }: TaskContext) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const never = () => new Promise(() => {});

function cancel(runId: string, cause: 'person' | 'rollback' | 'delete'): Promise<boolean> {
  return party.ledger.runs.requestCancel(runId, {
    cause,
    by: 'arn:me',
    at: new Date().toISOString(),
    ...(cause === 'person' ? { reason: 'wrong day' } : {}),
  });
}

/** Adds a task that waits to be aborted; resolves once it has begun. */
function addWaiting(version: string): Promise<void> {
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  party.add(version, {
    run(ctx) {
      onBegin();
      return untilAborted(ctx);
    },
  });
  return begun;
}

describe('a timeout', () => {
  it('aborts the task, which has failed for that reason', async () => {
    party.add('1', { timeout: '1s', run: untilAborted });

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'failed', reason: 'timed out after 1 s' });
    expect(record.error).toBeUndefined();
  });

  it('covers all tries and keeps the last error', async () => {
    party.setTiming({ second: 1_000 });
    party.add('1', { timeout: '1s', retries: 5, run: () => Promise.reject(new Error('HTTP 503')) });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      reason: 'timed out after 1 s; its last error: HTTP 503',
      error: { message: 'HTTP 503' },
    });
  });

  it('of the invocation leaves time to record', async () => {
    party.add('1', { run: untilAborted });

    await party.deploy({ remainingMs: 400 });

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining("the runner's own"),
    });
  });

  it('does not undo a success that comes before the task is given up', async () => {
    const inTime = ({ signal }: TaskContext) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => setTimeout(resolve, 10, 'just in time')),
      );
    party.add('1', { timeout: '1s', run: inTime });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: 'just in time' });
  });

  it('puts an at-most-once task in doubt', async () => {
    party.add('1', { delivery: 'at-most-once', timeout: '1s', run: untilAborted });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'in-doubt', reason: 'timed out after 1 s' });
  });

  it('that a task does not obey ends the process, after the record', async () => {
    party.setTiming({ grace: 50 });
    party
      .add('1', { timeout: '1s', run: never }, { onFailure: 'continue' })
      .add('2', { run: () => 'not reached' });

    await expect(party.deploy()).rejects.toThrow(ProcessEnded);

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      reason: 'timed out after 1 s; it went on all the same, so its process was ended',
    });
    expect(await party.states()).toEqual({ 1: 'failed' });
  });
});

describe('the deadline of a deploy', () => {
  it('aborts the task that runs', async () => {
    party.add('1', { run: untilAborted });

    await party.deploy({ deadline: party.deadlineIn(100) });

    expect(await party.record('1')).toMatchObject({ state: 'failed', reason: 'deploy timeout' });
  });
});

describe('a cancel', () => {
  it('by a person ends the task as cancelled', async () => {
    const begun = addWaiting('1');
    party.add('2', { run: () => 'not reached' });
    const runId = await party.begin();
    const invoked = party.invoke(runId);
    await begun;

    await cancel(runId, 'person');
    await invoked;

    expect(await party.record('1')).toMatchObject({ state: 'cancelled', reason: 'wrong day', by: 'arn:me' });
    expect(await party.states()).toEqual({ 1: 'cancelled' });
  });

  it.each([
    ['rollback', 'aborted: the stack is rolling back'],
    ['delete', 'aborted: the stack is being deleted'],
  ] as const)('by a %s ends the task as failed', async (cause, reason) => {
    const begun = addWaiting('1');
    const runId = await party.begin();
    const invoked = party.invoke(runId);
    await begun;

    await cancel(runId, cause);
    await invoked;

    expect(await party.record('1')).toMatchObject({ state: 'failed', reason });
  });

  it('comes too late for a task that succeeds', async () => {
    party.add('1', {
      run: async ({ deploy }) => {
        await cancel(deploy.runId, 'person');
        return 'done';
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: 'done' });
  });

  it('is also seen after a look at the run has failed', async () => {
    const begun = addWaiting('1');
    const runId = await party.begin();
    const invoked = party.invoke(runId);
    await begun;
    const { standing } = party.ledger.runs;
    party.ledger.runs.standing = () => {
      party.ledger.runs.standing = standing;
      return Promise.reject(new Error('DynamoDB is away'));
    };

    await cancel(runId, 'person');
    await invoked;

    expect((await party.record('1')).state).toBe('cancelled');
    expect(output.text()).toContain('could not see whether the run is to be cancelled');
  });
});
