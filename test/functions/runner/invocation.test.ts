import type { Context } from 'aws-lambda';
import { describe, expect, it, vi } from 'vitest';
import type { Claim } from '../../../functions/ledger/index.ts';
import { createRunner } from '../../../functions/runner/index.ts';
import type { RunnerPorts } from '../../../functions/runner/ports.ts';
import type { TaskOptions } from '../../../functions/task/index.ts';
import { output, party, setUpParty } from './set-up-party.ts';

setUpParty();

const person = { cause: 'person', by: 'arn:me', at: '2026-11-20T09:00:00.000Z' } as const;

/** Takes a task as another invocation would. */
async function claimElsewhere(
  version: string,
  runId: string,
  fields: { now?: number; leaseMs?: number } = {},
): Promise<Claim> {
  const { now = Date.now(), leaseMs = 60_000 } = fields;
  const task = party.selection.find((selected) => selected.version === version);
  if (task === undefined) throw new Error(`no task ${version}`);
  const result = await party.ledger.tasks.claim({
    task,
    runId,
    asked: false,
    by: 'another',
    deployId: undefined,
    checksum: 'c0ffee',
    token: 'another',
    now: new Date(now).toISOString(),
    leaseUntil: new Date(now + leaseMs).toISOString(),
  });
  if (!result.claimed) throw new Error('not claimed');
  return result.claim;
}

/** A clock that only the tasks made here advance. */
function takingTime(ports: Partial<RunnerPorts>): (ms: number) => TaskOptions {
  let now = 1_800_000_000_000;
  party.ports = { ...party.ports, now: () => now, ...ports };
  return (ms) => ({
    run() {
      now += ms;
    },
  });
}

describe('the list', () => {
  it('is executed in its order', async () => {
    const order: string[] = [];
    for (const version of ['2', '10', '1']) party.add(version, { run: () => void order.push(version) });

    await party.deploy();

    expect(order).toEqual(['2', '10', '1']);
  });

  it('begins no further task after the first fifteenth of the time', async () => {
    const work = takingTime({});
    party.add('1', work(59_000)).add('2', work(2_000)).add('3', work(0));

    await party.deploy();

    expect(await party.states()).toEqual({ 1: 'succeeded', 2: 'succeeded' });
  });

  it('counts with the shorter of what Lambda and the configuration say', async () => {
    const work = takingTime({ timeoutSeconds: 15 });
    party.add('1', work(2_000)).add('2', { run: () => 'not reached' });

    await party.deploy({ remainingMs: 300_000 });

    expect(await party.states()).toEqual({ 1: 'succeeded' });
  });

  it('is not begun behind the deadline', async () => {
    party.add('1', { run: () => 'not reached' });

    await party.deploy({ deadline: new Date(Date.now() - 1).toISOString() });

    expect(await party.states()).toEqual({});
  });

  it('ends at a task that the bundle does not hold, which is named', async () => {
    party.add('1', { run: () => 1 }).add('2', { run: () => 2 });
    party.files.splice(1, 1);

    const { report } = await party.deploy();

    expect(report.missing).toBe('2');
    expect(await party.states()).toEqual({ 1: 'succeeded' });
  });

  it('goes on behind what is done and stops at what somebody else executes', async () => {
    party
      .add('1', { run: () => 1 })
      .add('2', { run: () => 2 })
      .add('3', { run: () => 3 });
    const runId = await party.begin();
    await party.invoke(runId, { versions: ['1'] });
    await claimElsewhere('2', runId);

    await party.invoke(runId);

    expect(await party.states()).toEqual({ 1: 'succeeded', 2: 'running' });
    expect((await party.record('1')).attempt).toBe(1);
  });

  it('goes on behind a failure of this run that is only to be said', async () => {
    party
      .add('1', { run: () => Promise.reject(new Error('no')) }, { onFailure: 'continue' })
      .add('2', { run: () => 2 });
    const runId = await party.begin();
    await party.invoke(runId, { versions: ['1'] });

    await party.invoke(runId);

    expect(await party.states()).toEqual({ 1: 'failed', 2: 'succeeded' });
    expect((await party.record('1')).attempt).toBe(1);
  });

  it('fails by the name of its request: another one may be executing what it was called for', async () => {
    party.add('1', { run: () => 1 });
    const failure = party.invoke('f'.repeat(32));

    await expect(failure).rejects.toThrow(
      /^RequestId: request-[0-9a-f-]{36} there is no run f+ in the ledger$/,
    );
  });

  it('fails for what the run has not selected', async () => {
    party.add('1', { run: () => 1 });
    const runId = await party.begin();
    party.add('2', { run: () => 2 });

    await expect(party.invoke(runId, { versions: ['2'] })).rejects.toThrow(
      `run ${runId} has not selected a task 2`,
    );
  });

  it('fails for what is no work', async () => {
    await expect(party.invoke('no run', {})).rejects.toThrow('the runner was called with no work');
  });
});

describe('createRunner', () => {
  it('names the variable that is missing', async () => {
    const work = { v: 1, runId: '0'.repeat(32), versions: ['1'], timeoutSeconds: 900 };

    await expect(createRunner([])(work, {} as Context)).rejects.toThrow('AFTER_PARTY_TABLE is not set');
  });
});

describe('two invocations with the same work', () => {
  it('execute it once', async () => {
    const run = vi.fn(() => new Promise((resolve) => setTimeout(resolve, 30)));
    party.add('1', { run });
    const runId = await party.begin();

    await Promise.all([party.invoke(runId), party.invoke(runId), party.invoke(runId)]);

    expect(run).toHaveBeenCalledTimes(1);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', attempt: 1 });
  });
});

describe('a claim', () => {
  it('that broke off in another run is taken over', async () => {
    party.add('1', { run: () => 'taken over' });
    await claimElsewhere('1', await party.begin(), { now: Date.now() - 120_000 });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it('lasts for the invocation and ten seconds more, and names the request', async () => {
    party.ports = { ...party.ports, now: () => 1_800_000_000_000 };
    const claim = vi.spyOn(party.ledger.tasks, 'claim');
    party.add('1', { run: () => 1 });

    await party.deploy({ remainingMs: 100_000 });

    const request = claim.mock.calls[0]?.[0];
    expect(Date.parse(request?.leaseUntil ?? '')).toBe(1_800_000_000_000 + 110_000);
    expect(request?.token).toMatch(/^request-[0-9a-f-]{36}\.[0-9a-f-]{36}$/);
  });

  it('that is lost leaves the record to whoever has it now, and ends the list', async () => {
    const { tasks } = party.ledger;
    const claims = vi.spyOn(tasks, 'claim');
    party.add('1', {
      async run() {
        const result = await claims.mock.results[0]?.value;
        const outcome = { state: 'failed', reason: 'settled by the controller' } as const;
        expect(await tasks.finish(result.claim, outcome, new Date().toISOString())).toBe(true);
        return 'too late';
      },
    });
    party.add('2', { run: () => 'not reached' });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'failed', reason: 'settled by the controller' });
    expect(await party.states()).toEqual({ 1: 'failed' });
    expect(output.text()).toContain('somebody else has settled the task meanwhile');
  });
});

describe('a run that is cancelled', () => {
  it('begins nothing', async () => {
    party.add('1', { run: () => 'not reached' });
    const runId = await party.begin();
    await party.ledger.runs.requestCancel(runId, person);

    await party.invoke(runId);

    expect(await party.states()).toEqual({});
  });

  it('gives back a task that was claimed at the same moment', async () => {
    const run = vi.fn();
    party.add('1', { run });
    const runId = await party.begin();
    const { tasks } = party.ledger;
    const claim = tasks.claim.bind(tasks);
    vi.spyOn(tasks, 'claim').mockImplementation(async (request) => {
      const result = await claim(request);
      await party.ledger.runs.requestCancel(runId, person);
      return result;
    });

    await party.invoke(runId);

    expect(run).not.toHaveBeenCalled();
    expect(await party.record('1')).toMatchObject({ state: 'pending', attempt: 0 });
  });

  it('begins nothing either once it is settled', async () => {
    party.add('1', { run: () => 'not reached' });
    const runId = await party.begin();
    const counts = { succeeded: 0, failed: 0, notStarted: 1 };
    await party.ledger.runs.settle(
      await party.ledger.runs.require(runId),
      { state: 'failed', counts, status: 'FAILED', text: 'the deadline', retentionDays: 1 },
      new Date().toISOString(),
    );

    await party.invoke(runId);

    expect(await party.states()).toEqual({});
  });
});
