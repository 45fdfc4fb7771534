import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inParty } from './in-party.ts';
import { Region } from './region.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let region: Region;
beforeAll(async () => {
  region = await Region.start();
});
afterAll(() => region.stop());

const UPDATE_ROLLBACK = { status: 'UPDATE_ROLLBACK_IN_PROGRESS', rootStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' };
const ROLLBACK = { status: 'ROLLBACK_IN_PROGRESS', rootStatus: 'ROLLBACK_IN_PROGRESS' };
const DELETE = { status: 'DELETE_IN_PROGRESS', rootStatus: 'DELETE_IN_PROGRESS' };
/** A nested stack whose root is taken back. */
const ROOT_ROLLBACK = { status: 'UPDATE_COMPLETE', rootStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' };

describe.concurrent('a rollback', () => {
  it('after a failed Update swaps old and new: it runs nothing, and succeeds', async () => {
    await inParty(region, { tasks: ['say_hello', 'break_down', 'announce'] }, async (party) => {
      expect(await party.deploy()).toMatchObject({ Status: 'FAILED' });
      party.stack = UPDATE_ROLLBACK;
      expect(await party.deploy()).toMatchObject({
        Status: 'SUCCESS',
        Data: { Outcome: 'no task was started: the stack is UPDATE_ROLLBACK_IN_PROGRESS' },
      });
      expect(await party.states()).toEqual(['say_hello succeeded 1', 'break_down failed 1']);
      party.stack = { status: 'UPDATE_IN_PROGRESS', rootStatus: 'UPDATE_IN_PROGRESS' };
      await party.deploy();
      expect(await party.states()).toEqual(['say_hello succeeded 1', 'break_down failed 2']);
    });
  });

  it.each([
    ['another resource', UPDATE_ROLLBACK],
    ['a resource of the root', ROOT_ROLLBACK],
  ])(
    'because of %s comes while a task runs: it is answered at once, and nothing further starts',
    async (_, stack) => {
      await inParty(region, { tasks: ['wait_for_word', 'announce'] }, async (party) => {
        const deploy = await party.request('Update').deliver();
        await party.words.began('wait_for_word');
        party.stack = stack;
        const rollback = await party.request('Update', { deployId: 'd0' }).deliver();
        expect(await rollback.answer()).toMatchObject({ Status: 'SUCCESS' });
        expect(deploy.puts).toEqual([]);
        party.words.give('wait_for_word', 'too late');
        expect(await deploy.answer()).toMatchObject({
          Status: 'FAILED',
          Reason: 'the run was cancelled: the stack is rolling back. 1 task ran, 0 failed, 1 not started.',
        });
        // Success beats a cancel that comes late.
        expect(await party.states()).toEqual(['wait_for_word succeeded 1']);
      });
    },
  );

  it('comes before the deploy has asked what the stack is doing: neither runs anything', async () => {
    await inParty(region, { tasks: ['say_hello'], throttled: 3 }, async (party) => {
      const deploy = await party.request('Update').deliver();
      party.stack = UPDATE_ROLLBACK;
      const rollback = await party.request('Update').deliver();
      expect(await rollback.answer()).toMatchObject({ Status: 'SUCCESS' });
      expect(await deploy.answer()).toMatchObject({ Status: 'SUCCESS' });
      expect(await party.states()).toEqual([]);
    });
  });

  it('comes between the answer of CloudFormation and what the deploy makes of it', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const asked = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      party.whenAsked = async () => {
        asked.resolve();
        await goOn.promise;
      };
      const deploy = await party.request('Update').deliver();
      await asked.promise;
      party.whenAsked = async () => undefined;
      party.stack = UPDATE_ROLLBACK;
      const rollback = await party.request('Update').deliver();
      expect(await rollback.answer()).toMatchObject({ Status: 'SUCCESS' });
      await rollback.over();
      goOn.resolve();
      expect(await deploy.answer()).toMatchObject({ Status: 'FAILED' });
      expect(await party.states()).toEqual([]);
    });
  });

  it('does not stop what a person has started', async () => {
    await inParty(region, { tasks: ['wait_for_word'] }, async (party) => {
      const runId = 'f'.repeat(32);
      await party.ask({ request: 'invoke', runId, names: ['wait_for_word'], by: 'ann' });
      await party.words.began('wait_for_word');
      party.stack = UPDATE_ROLLBACK;
      await party.deploy();
      expect((await party.ledger.runs.require(runId)).request).toBeUndefined();
      party.words.give('wait_for_word', 'go on');
      await party.driver.settled(runId);
      expect(await party.ledger.runs.require(runId)).toMatchObject({ state: 'succeeded' });
    });
  });
});

describe.concurrent('a Delete', () => {
  it('during the Create is answered at once, and nothing further starts', async () => {
    await inParty(region, { tasks: ['wait_for_word', 'announce'] }, async (party) => {
      party.stack = { status: 'CREATE_IN_PROGRESS', rootStatus: 'CREATE_IN_PROGRESS' };
      const create = await party.request('Create').deliver();
      await party.words.began('wait_for_word');
      party.stack = ROLLBACK;
      const remove = await party.request('Delete', { physicalId: 'made-up-by-cloudformation' }).deliver();
      expect(remove.puts.map(({ response }) => response)).toMatchObject([
        { Status: 'SUCCESS', Data: { Outcome: 'deleted; no task was started' } },
      ]);
      expect(create.puts).toEqual([]);
      party.words.give('wait_for_word', 'too late');
      expect(await create.answer()).toMatchObject({
        Status: 'FAILED',
        Reason: 'the run was cancelled: the stack is being deleted. 1 task ran, 0 failed, 1 not started.',
      });
      expect(await party.states()).toEqual(['wait_for_word succeeded 1']);
    });
  });

  it('that is delivered twice is answered twice alike', async () => {
    await inParty(region, { tasks: [] }, async (party) => {
      const remove = party.request('Delete');
      await Promise.all([remove.deliver(), remove.deliver()]);
      expect(new Set(remove.puts.map(({ response }) => JSON.stringify(response))).size).toBe(1);
      expect(await party.items()).toEqual([]);
    });
  });

  it('is answered whatever else is damaged', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      await party.deploy();
      await party.edit('task#1', { state: 'running' });
      await party.edit('party', {});
      const remove = await party.request('Delete').deliver();
      expect(remove.puts).toMatchObject([{ response: { Status: 'SUCCESS' } }]);
    });
  });

  it('is followed by a Create that is delivered late: it runs nothing', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const create = party.request('Create');
      party.stack = DELETE;
      await party.request('Delete').deliver();
      await create.deliver();
      expect(await create.answer()).toMatchObject({ Status: 'SUCCESS' });
      expect(await party.states()).toEqual([]);
    });
  });
});

describe.concurrent('without a ledger table', () => {
  it('Delete succeeds', async () => {
    await inParty(region, { tasks: ['say_hello'], table: 'deleted' }, async (party) => {
      const remove = await party.request('Delete').deliver();
      expect(remove.puts).toMatchObject([{ response: { Status: 'SUCCESS' } }]);
    });
  });

  it.each(['Create', 'Update'] as const)('%s fails with the reason', async (type) => {
    await inParty(region, { tasks: ['say_hello'], table: 'deleted' }, async (party) => {
      const update = await party.request(type).deliver();
      expect(update.puts).toHaveLength(1);
      expect(update.puts[0]?.response).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(
          /^no task was started: the deploy could not be recorded and started: .*not found/i,
        ),
      });
    });
  });

  it('a rollback succeeds', async () => {
    await inParty(region, { tasks: ['say_hello'], table: 'deleted' }, async (party) => {
      party.stack = UPDATE_ROLLBACK;
      const rollback = await party.request('Update').deliver();
      expect(rollback.puts).toMatchObject([{ response: { Status: 'SUCCESS' } }]);
    });
  });
});

describe.concurrent('where the workflow cannot be started', () => {
  it('the deploy fails with the reason, and its record says so', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      vi.spyOn(party.driver, 'start').mockRejectedValue(new Error('no such state machine'));
      const update = await party.request('Update').deliver();
      expect(update.puts).toMatchObject([
        { response: { Status: 'FAILED', Reason: expect.stringContaining('no such state machine') } },
      ]);
      expect(await party.ledger.runs.require(update.runId)).toMatchObject({ state: 'failed' });
      expect(await party.ledger.answers.get(update.runId)).toBeUndefined();
    });
  });

  it('a rollback succeeds', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      vi.spyOn(party.driver, 'start').mockRejectedValue(new Error('no such state machine'));
      party.stack = UPDATE_ROLLBACK;
      const rollback = await party.request('Update').deliver();
      expect(rollback.puts).toMatchObject([{ response: { Status: 'SUCCESS' } }]);
      expect(await party.ledger.answers.get(rollback.runId)).toBeUndefined();
    });
  });

  it('or began all the same, it runs nothing after the answer', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const start = party.driver.start.bind(party.driver);
      const began = vi.spyOn(party.driver, 'start').mockImplementation(async () => {
        throw new Error('the connection was lost');
      });
      const update = await party.request('Update').deliver();
      expect(update.puts).toMatchObject([{ response: { Status: 'FAILED' } }]);
      began.mockRestore();
      await start(update.runId);
      await update.over();
      expect(await party.states()).toEqual([]);
      expect(update.puts).toHaveLength(1);
    });
  });

  it('because it broke off, a later delivery answers', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const start = vi.spyOn(party.driver, 'start').mockResolvedValueOnce('started');
      const update = await party.request('Update').deliver();
      expect(update.puts).toEqual([]);
      start.mockResolvedValue('ended');
      await update.deliver();
      expect(update.puts).toMatchObject([
        {
          response: {
            Status: 'FAILED',
            Reason: expect.stringContaining('the workflow ended before the run did'),
          },
        },
      ]);
    });
  });
});
