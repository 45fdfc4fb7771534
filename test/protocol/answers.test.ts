import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PartySettings } from './deployed-party.ts';
import { inParty } from './in-party.ts';
import { Region } from './region.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let region: Region;
beforeAll(async () => {
  region = await Region.start();
});
afterAll(() => region.stop());

describe.concurrent('a task that fails', () => {
  it('fails the deploy with its reason and its line; what is behind it does not run', async () => {
    await inParty(region, { tasks: ['say_hello', 'break_down', 'announce'] }, async (party) => {
      const { Status, Reason } = await party.deploy();
      expect(Status).toBe('FAILED');
      expect(Reason).toMatch(
        /^task 03_break_down failed \(attempt 1, after .* s\): TypeError: Cannot read properties of undefined \(reading 'trim'\), at tasks\/03_break_down\.ts:5\. 1 task ran, 1 failed, 1 not started\./,
      );
      expect(Reason).toContain('npx after-party skip 03 --stack Shop-prod --reason "..."');
      expect(await party.states()).toEqual(['say_hello succeeded 1', 'break_down failed 1']);
    });
  });

  it('is reported before the answer, in lines for the terminal', async () => {
    await inParty(region, { tasks: ['say_hello', 'break_down', 'announce'] }, async (party) => {
      await party.deploy();
      const report = party.said.filter((line) => line.startsWith('REPORT ')).map((line) => line.slice(7));
      expect(report[0]).toMatch(/^INFO {2}succeeded {4}01_say_hello .*\{"said":"hello"\}/);
      expect(report[1]).toMatch(/^ERROR failed {7}03_break_down .*attempt 1/);
      expect(report[2]).toMatch(/^INFO {2}not started {2}08_announce/);
      expect(report[3]).toMatch(/^ERROR 03_break_down: TypeError: Cannot read/);
      expect(report[4]).toMatch(/at .*tasks\/03_break_down\.ts:5/);
      expect(report.length).toBeLessThanOrEqual(45);
      const answered = party.said.findIndex((line) => line.includes('CloudFormation answered'));
      expect(party.said.findLastIndex((line) => line.startsWith('REPORT '))).toBeLessThan(answered);
    });
  });

  it('with a multi-byte text over the limit is answered within it', async () => {
    await inParty(region, { tasks: ['exclaim'] }, async (party) => {
      const request = await party.request('Update').deliver();
      const { Reason = '' } = await request.answer();
      expect(request.puts[0]?.bytes).toBeLessThan(4_096);
      expect([...Reason].length).toBeLessThanOrEqual(600);
      expect(Reason).toMatch(/^task 06_exclaim failed .*: Error: 💥漢字"\\💥/u);
      expect(Reason).toContain('npx after-party skip 06 --stack Shop-prod');
      expect(Reason.isWellFormed()).toBe(true);
    });
  });

  it('dies with its process: the deploy fails at once, and a task that must not run twice is in doubt', async () => {
    await inParty(region, { tasks: ['send_once', 'say_hello'] }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: expect.stringMatching(/^task 09_send_once is in doubt .* mark-done 09 --stack Shop-prod/),
      });
      expect(await party.deploy()).toMatchObject({ Status: 'FAILED' });
      expect(await party.states()).toEqual(['say_hello succeeded 1', 'send_once in-doubt 1']);
    });
  });

  it('that nobody minds is told in a success, and the rest runs', async () => {
    await inParty(region, { tasks: ['shrug', 'announce'] }, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'SUCCESS',
        Data: { Outcome: expect.stringMatching(/^FAILED, and the deploy goes on: task 07_shrug failed/) },
      });
      expect(await party.states()).toEqual(['shrug failed 1', 'announce succeeded 1']);
    });
  });

  it('does not fail a deploy whose party goes on', async () => {
    const settings: PartySettings = { tasks: ['break_down', 'announce'], config: { onFailure: 'continue' } };
    await inParty(region, settings, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'SUCCESS',
        Data: {
          Outcome: expect.stringMatching(/^FAILED, and the deploy goes on: task 03_break_down failed/),
        },
      });
      expect(await party.states()).toEqual(['break_down failed 1', 'announce succeeded 1']);
    });
  });
});

describe.concurrent('a Create whose task fails', () => {
  it.each([
    ['in an existing stack', 'UPDATE_IN_PROGRESS', true, 'SUCCESS'],
    ['in a new stack', 'CREATE_IN_PROGRESS', true, 'FAILED'],
    ['in an existing stack with a ledger from elsewhere', 'UPDATE_IN_PROGRESS', false, 'FAILED'],
  ] as const)('%s: %s, own ledger %s: %s', async (_, status, ownsLedger, answered) => {
    await inParty(region, { tasks: ['break_down'], config: { ownsLedger } }, async (party) => {
      party.stack = { status, rootStatus: status };
      const { Status, Reason, Data } = await party.deploy('Create');
      expect(Status).toBe(answered);
      const text = Reason ?? Data?.Outcome;
      expect(text).toContain('task 03_break_down failed');
      expect(text).toContain('npx after-party skip 03 --stack Shop-prod');
      if (answered === 'SUCCESS') expect(text).toMatch(/^FAILED, and the stack was spared/);
      expect(await party.ask({ request: 'status' })).toMatchObject({ tasks: [{ state: 'failed' }] });
    });
  });
});

describe.concurrent('the response', () => {
  it('is sent again after an error of the server and a lost connection', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const request = await party.request('Update', { url: region.bucket.url(500, 'reset') }).deliver();
      expect(await request.answer()).toMatchObject({ Status: 'SUCCESS' });
      await request.over();
      expect(request.puts.map(({ status }) => status)).toEqual([500, 'reset', 200]);
      expect(new Set(request.puts.map(({ response }) => JSON.stringify(response))).size).toBe(1);
      expect(await party.states()).toEqual(['say_hello succeeded 1']);
    });
  });

  it('that is refused for good is not sent again, and its URL is forgotten', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const request = await party.request('Update', { url: region.bucket.url(403) }).deliver();
      expect(await request.over()).toMatchObject({ state: 'succeeded' });
      expect(request.puts).toHaveLength(1);
      expect(await party.ledger.answers.get(request.runId)).toBeUndefined();
      expect(party.said.join('\n')).toMatch(/ERROR CloudFormation refused the answer for good .*HTTP 403/);
      await request.deliver();
      expect(request.puts).toHaveLength(1);
    });
  });
});

describe.concurrent('a DescribeStacks that is throttled', () => {
  it('is asked again, and the deploy goes on', async () => {
    await inParty(region, { tasks: ['say_hello'], throttled: 3 }, async (party) => {
      expect(await party.deploy()).toMatchObject({ Status: 'SUCCESS' });
      expect(party.waits).toBe(3);
      expect(await party.states()).toEqual(['say_hello succeeded 1']);
    });
  });

  it('to the deadline fails the deploy, and nothing has run', async () => {
    const settings = { tasks: ['say_hello'], throttled: 10_000, config: { deployTimeoutSeconds: 1 } };
    await inParty(region, settings, async (party) => {
      expect(await party.deploy()).toMatchObject({
        Status: 'FAILED',
        Reason: 'CloudFormation did not say what the stack is doing',
      });
      expect(await party.states()).toEqual([]);
    });
  });
});
