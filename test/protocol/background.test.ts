import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backgroundRunId } from '../../functions/controller/background.ts';
import type { RunStatus } from '../../functions/controller/requests.ts';
import type { RunRecord } from '../../functions/ledger/index.ts';
import type { CloudFormationRequest } from './cloudformation-request.ts';
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

const [FILL, NOTIFY, CLEAN_UP, COUNT_SLICES] = ['13', '14', '15', '17'];
const BY = 'arn:aws:sts::123456789012:assumed-role/Developer/ann';

function stackIn(status: string) {
  return { status, rootStatus: status };
}

/** A deploy that was answered while its stack was still in progress. */
async function answered(party: DeployedParty): Promise<{ deploy: CloudFormationRequest; outcome: string }> {
  const deploy = await party.request('Update').deliver();
  const { Status, Data } = await deploy.answer();
  expect(Status).toBe('SUCCESS');
  return { deploy, outcome: Data?.Outcome ?? '' };
}

/** A deploy that has committed and started its background tasks. */
async function committed(party: DeployedParty): Promise<CloudFormationRequest> {
  party.stack = stackIn('UPDATE_IN_PROGRESS');
  const { deploy } = await answered(party);
  party.stack = stackIn('UPDATE_COMPLETE');
  await deploy.over();
  return deploy;
}

/** The run of a background task, when its execution has ended. */
async function ended(party: DeployedParty, deploy: CloudFormationRequest, version = ''): Promise<RunRecord> {
  const runId = backgroundRunId(deploy.runId, version);
  await party.driver.settled(runId);
  return party.ledger.runs.require(runId);
}

describe.concurrent('background tasks', () => {
  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
    'run once the stack is %s, after the deploy was answered, and once',
    async (status) => {
      await inParty(region, { tasks: ['say_hello', 'notify'], throttled: 2 }, async (party) => {
        const { deploy, outcome } = await answered(party);
        expect(outcome).toMatch(
          /^1 of 1 ran: say_hello .*\. Background: 1 starts after the commit\. Details: /,
        );
        expect(await party.states()).toEqual(['say_hello succeeded 1']);
        party.stack = stackIn(status);
        await deploy.over();
        expect(await ended(party, deploy, NOTIFY)).toMatchObject({
          state: 'succeeded',
          parent: deploy.runId,
        });
        await deploy.deliver();
        await committed(party);
        expect(await party.states()).toEqual(['say_hello succeeded 1', 'notify succeeded 1']);
      });
    },
  );

  it.each(['UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', 'ROLLBACK_COMPLETE'])(
    'do not run where the stack is %s, but with the next deploy that commits',
    async (status) => {
      await inParty(region, { tasks: ['notify'] }, async (party) => {
        const { deploy } = await answered(party);
        party.stack = stackIn(status);
        await deploy.over();
        expect(await party.states()).toEqual([]);
        await ended(party, await committed(party), NOTIFY);
        expect(await party.states()).toEqual(['notify succeeded 1']);
      });
    },
  );

  it('wait while the root is in progress, however done the nested stack is', async () => {
    await inParty(region, { tasks: ['notify'] }, async (party) => {
      party.stack = { status: 'UPDATE_COMPLETE', rootStatus: 'UPDATE_IN_PROGRESS' };
      const { deploy } = await answered(party);
      await vi.waitUntil(() => party.waits >= 3, { timeout: 30_000 });
      expect(await party.states()).toEqual([]);
      party.stack = { status: 'UPDATE_COMPLETE', rootStatus: 'UPDATE_ROLLBACK_COMPLETE' };
      await deploy.over();
      expect(await party.states()).toEqual([]);
    });
  });

  it('are left to the next deploy where that one begins before the first has seen its commit', async () => {
    await inParty(region, { tasks: ['notify'] }, async (party) => {
      const { deploy: first } = await answered(party);
      const { deploy: second } = await answered(party);
      await first.over();
      expect(await party.states()).toEqual([]);
      party.stack = stackIn('UPDATE_COMPLETE');
      await second.over();
      await ended(party, second, NOTIFY);
      expect(await party.states()).toEqual(['notify succeeded 1']);
      expect(await party.ledger.runs.get(backgroundRunId(first.runId, NOTIFY ?? ''))).toBeUndefined();
    });
  });

  it('go on while later deploys come and one of them rolls back', async () => {
    await inParty(region, { tasks: ['fill', 'say_hello'] }, async (party) => {
      const first = await committed(party);
      await party.words.began('fill');

      party.stack = stackIn('UPDATE_IN_PROGRESS');
      const { deploy: second, outcome } = await answered(party);
      expect(outcome).toMatch(
        /^no pending tasks to run before the commit\. Background: fill is still running, 43 %\. /,
      );
      party.stack = stackIn('UPDATE_COMPLETE');
      await second.over();
      expect(await ended(party, second, FILL)).toMatchObject({
        state: 'held',
        answer: {
          text: `task 13_fill is still running, 43 %, in run ${backgroundRunId(first.runId, FILL ?? '')}`,
        },
      });

      party.stack = stackIn('UPDATE_IN_PROGRESS');
      await answered(party);
      party.stack = stackIn('UPDATE_ROLLBACK_IN_PROGRESS');
      expect(await party.deploy()).toMatchObject({ Status: 'SUCCESS' });
      party.words.give('fill', 'full');
      expect(await ended(party, first, FILL)).toMatchObject({ state: 'succeeded' });
      expect(await party.record(FILL ?? '')).toMatchObject({
        state: 'succeeded',
        attempt: 1,
        result: 'full from 0',
      });
    });
  });

  it('are cancelled one by one by people, and all by a Delete', async () => {
    await inParty(region, { tasks: ['fill', 'clean_up'] }, async (party) => {
      const deploy = await committed(party);
      await party.words.began('fill');
      const runId = backgroundRunId(deploy.runId, CLEAN_UP ?? '');
      expect(await party.ask<RunStatus>({ request: 'cancel', runId, by: BY })).toMatchObject({ runId });
      expect(await ended(party, deploy, CLEAN_UP)).toMatchObject({ state: 'cancelled' });
      party.stack = stackIn('DELETE_IN_PROGRESS');
      const deletion = await party.request('Delete').deliver();
      expect(await deletion.answer()).toMatchObject({ Status: 'SUCCESS' });
      party.words.give('fill', 'too late');
      expect(await ended(party, deploy, FILL)).toMatchObject({ request: { cause: 'delete' } });
      expect(await party.states()).toEqual(['fill succeeded 1']);
    });
  });

  it('wait for those that they are after, and run after them', async () => {
    await inParty(region, { tasks: ['fill', 'clean_up'] }, async (party) => {
      const deploy = await committed(party);
      await party.words.began('fill');
      expect(await party.states()).toEqual(['fill running 1']);
      party.words.give('fill', 'full');
      expect(await ended(party, deploy, CLEAN_UP)).toMatchObject({ state: 'succeeded' });
      expect(await party.states()).toEqual(['fill succeeded 1', 'clean_up succeeded 1']);
    });
  });

  it('keep a deploy from running what comes after them until they have succeeded', async () => {
    await inParty(region, { tasks: ['fill', 'drop_old_name'] }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringContaining(
          'task 16_drop_old_name must run after 13_fill (pending), which has not succeeded',
        ),
      });
      await party.ask({ request: 'mark-done', names: ['fill'], by: BY, reason: 'nothing to fill' });
      expect(await party.deploy()).toMatchObject({ Status: 'SUCCESS' });
      expect(await party.states()).toEqual(['drop_old_name succeeded 1']);
    });
  });
});

describe.concurrent('an execution whose history is full', () => {
  it('hands over to another, and the run does not notice', async () => {
    const settings = { tasks: ['count_slices'], stepsLimit: 2, config: { runnerTimeoutSeconds: 2 } };
    await inParty(region, settings, async (party) => {
      const { deploy } = await answered(party);
      await vi.waitUntil(() => party.waits >= 3, { timeout: 30_000 });
      // An event that comes again finds the execution that goes on with the run.
      await deploy.deliver();
      party.stack = stackIn('UPDATE_COMPLETE');
      expect((await deploy.over()).generation).toBeGreaterThan(0);
      const run = await ended(party, deploy, COUNT_SLICES);
      expect(run).toMatchObject({ state: 'succeeded' });
      expect(run.generation).toBeGreaterThan(1);
      expect(await party.record(COUNT_SLICES ?? '')).toMatchObject({
        state: 'succeeded',
        result: '5 slices',
      });
      expect(deploy.puts).toHaveLength(1);
    });
  });
});
