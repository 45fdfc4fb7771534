import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeployedParty } from './deployed-party.ts';
import { inParty } from './in-party.ts';
import { Region } from './region.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let region: Region;
beforeAll(async () => {
  region = await Region.start();
});
afterAll(() => region.stop());

/** A runner whose grace, which is in proportion to its timeout, is short. */
const QUICK = { deployTimeoutSeconds: 6, runnerTimeoutSeconds: 10 };

describe.concurrent('at the deadline', () => {
  it('a task that minds its signal is told to end, and the deploy fails by its name', async () => {
    await inParty(region, { tasks: ['wait_for_word', 'announce'], config: QUICK }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(
          /^task 02_wait_for_word failed \(attempt 1, after .*\): deploy timeout/,
        ),
      });
      expect(await party.states()).toEqual(['wait_for_word failed 1']);
    });
  });

  it('a task that ignores its signal is ended with its process', async () => {
    await inParty(region, { tasks: ['ignore_signal', 'announce'], config: QUICK }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(
          /^task 04_ignore_signal failed .*: deploy timeout; it went on all the same/,
        ),
      });
      expect(await party.states()).toEqual(['ignore_signal failed 1']);
    });
  });

  it('a task that never yields is left behind; its record is settled when it is surely over', async () => {
    const settings = {
      tasks: ['spin', 'announce'],
      patience: 7,
      config: QUICK,
    };
    await inParty(region, settings, async (party) => {
      const request = await party.request('Update').deliver();
      expect(await request.answer()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(
          /^task 05_spin \(attempt 1\) was still being executed at the end of the deployTimeout .* Raise deployTimeout, or see: npx after-party show 05 --stack Shop-prod$/,
        ),
      });
      expect(await party.record('5')).toMatchObject({ state: 'running' });
      party.ahead = 30_000;
      await request.over();
      expect(await party.record('5')).toMatchObject({ state: 'failed', reason: 'deploy timeout' });
      expect(await party.states()).toEqual(['spin failed 1']);
    });
  });

  it("a task that never yields ends with the runner's own timeout, if that is earlier", async () => {
    const settings = { tasks: ['spin', 'announce'], config: { runnerTimeoutSeconds: 6 } };
    await inParty(region, settings, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(/^task 05_spin failed .*: the runner's timeout of 6 s ended it/),
      });
    });
  });

  it('a task that another run executes is left to it', async () => {
    await inParty(region, { tasks: ['say_hello', 'announce'], config: QUICK }, async (party) => {
      await executedElsewhere(party);
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(
          /^task 01_say_hello \(attempt 1\) was still being executed by another run at the end/,
        ),
      });
      expect(await party.states()).toEqual(['say_hello running 1']);
    });
  });

  it('a party that goes on goes on', async () => {
    const config = { ...QUICK, onFailure: 'continue' as const };
    await inParty(region, { tasks: ['wait_for_word'], config }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'SUCCESS',
        Data: {
          Outcome: expect.stringContaining('FAILED, and the deploy goes on: task 02_wait_for_word failed'),
        },
      });
    });
  });

  it('a Create in an existing stack is spared', async () => {
    await inParty(region, { tasks: ['wait_for_word'], config: QUICK }, async (party) => {
      expect(await party.deploy('Create')).toMatchObject({
        Status: 'SUCCESS',
        Data: { Outcome: expect.stringMatching(/^FAILED, and the stack was spared.*deploy timeout/) },
      });
    });
  });
});

describe.concurrent('a rollback', () => {
  it('ends a task that minds its signal', async () => {
    await inParty(region, { tasks: ['wait_for_word', 'announce'] }, async (party) => {
      const deploy = await party.request('Update').deliver();
      await party.words.began('wait_for_word');
      party.stack = { status: 'UPDATE_ROLLBACK_IN_PROGRESS', rootStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' };
      await party.request('Update').deliver();
      expect(await deploy.answer()).toMatchObject({ Status: 'FAILED' });
      expect(await party.record('2')).toMatchObject({
        state: 'failed',
        reason: 'aborted: the stack is rolling back',
      });
      expect(await party.states()).toEqual(['wait_for_word failed 1']);
    });
  });
});

describe.concurrent('a Delete', () => {
  it('is answered though the ledger does not answer', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      vi.spyOn(party.ledger.runs, 'open').mockReturnValue(new Promise(() => undefined));
      const remove = await party.request('Delete').deliver();
      expect(remove.puts).toMatchObject([{ response: { Status: 'SUCCESS' } }]);
    });
  });
});

describe.concurrent('a deploy that cannot be recorded', () => {
  it('is answered though neither the ledger nor CloudFormation answers', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      vi.spyOn(party.ledger.answers, 'keep').mockRejectedValue(new Error('no permission'));
      vi.spyOn(party.ledger.runs, 'settle').mockReturnValue(new Promise(() => undefined));
      party.whenAsked = () => new Promise(() => undefined);
      const update = await party.request('Update').deliver();
      expect(update.puts).toMatchObject([
        { response: { Status: 'FAILED', Reason: expect.stringContaining('no permission') } },
      ]);
    });
  });
});

describe.concurrent('a response', () => {
  it('that failed four times is sent by the next try of the workflow', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const url = region.bucket.url(503, 503, 'reset', 503);
      const request = await party.request('Update', { url }).deliver();
      expect(await request.answer()).toMatchObject({ Status: 'SUCCESS' });
      await request.over();
      expect(request.puts).toHaveLength(5);
      expect(await party.states()).toEqual(['say_hello succeeded 1']);
    });
  });

  it('that could not be sent is told of without its URL', async () => {
    await inParty(region, { tasks: [], table: 'deleted' }, async (party) => {
      const url = region.bucket.url('reset', 500, 'reset', 500);
      const request = party.request('Update', { url });
      await expect(request.deliver()).rejects.toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(region.bucket.marker) }),
      );
      expect(request.puts).toHaveLength(4);
    });
  });
});

/** The first task is held by another run, for longer than the deploy waits. */
async function executedElsewhere(party: DeployedParty): Promise<void> {
  const now = new Date();
  await party.ledger.tasks.claim({
    task: {
      version: '01',
      name: 'say_hello',
      when: 'once',
      delivery: 'at-least-once',
      onFailure: 'fail-deploy',
    },
    runId: 'e'.repeat(32),
    asked: false,
    by: 'ann',
    deployId: undefined,
    checksum: 'c1',
    token: randomUUID(),
    now: now.toISOString(),
    leaseUntil: new Date(now.getTime() + 600_000).toISOString(),
  });
}
