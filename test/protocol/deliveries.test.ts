import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FUNCTION_NAME } from './deployed-party.ts';
import { inParty } from './in-party.ts';
import { Region } from './region.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let region: Region;
beforeAll(async () => {
  region = await Region.start();
});
afterAll(() => region.stop());

describe.concurrent('a request of CloudFormation', () => {
  it.each(['Create', 'Update'] as const)('runs what is pending and is answered: %s', async (type) => {
    await inParty(region, { tasks: ['say_hello', 'announce'] }, async (party) => {
      const request = await party.request(type).deliver();
      expect(await request.answer()).toEqual({
        Status: 'SUCCESS',
        PhysicalResourceId: FUNCTION_NAME,
        StackId: request.event.StackId,
        RequestId: request.event.RequestId,
        LogicalResourceId: 'TasksRun7F',
        Data: {
          Outcome: expect.stringMatching(/^2 of 2 ran: say_hello \(.*\), announce \(.*\)\. Details: /),
        },
      });
      expect(await request.over()).toMatchObject({ state: 'succeeded', deployId: 'd1', requestType: type });
      expect(await party.record('8')).toMatchObject({ result: { succeeded: 1, failed: 0 } });
      expect(party.said.join('\n')).toContain('hello from the runner');
    });
  });

  it('is answered with bytes that have no Content-Type, once', async () => {
    await inParty(region, { tasks: [] }, async (party) => {
      const request = await party.request('Update').deliver();
      await request.over();
      expect(request.puts).toHaveLength(1);
      expect(request.puts[0]?.method).toBe('PUT');
      expect(request.puts[0]?.headers).not.toHaveProperty('content-type');
      expect(request.puts[0]?.headers['content-length']).toBe(String(request.puts[0]?.bytes));
    });
  });

  it('that is delivered before, during and after its run comes to one run and one answer', async () => {
    await inParty(region, { tasks: ['wait_for_word'] }, async (party) => {
      const request = party.request('Update');
      await request.deliver();
      await request.deliver();
      await party.words.began('wait_for_word');
      await request.deliver();
      expect(request.puts).toEqual([]);
      party.words.give('wait_for_word', 'go on');
      expect(await request.answer()).toMatchObject({ Status: 'SUCCESS' });
      await request.over();
      await request.deliver();
      expect(request.puts).toHaveLength(1);
      expect(party.words.count('wait_for_word')).toBe(1);
      expect(await party.states()).toEqual(['wait_for_word succeeded 1']);
    });
  });

  it('that is delivered several times at the same moment comes to one run', async () => {
    await inParty(region, { tasks: ['wait_for_word'] }, async (party) => {
      const request = party.request('Create');
      const deliveries = Promise.all(Array.from({ length: 6 }, () => request.deliver()));
      await party.words.began('wait_for_word');
      party.words.give('wait_for_word', 'go on');
      await deliveries;
      await request.over();
      expect(new Set(request.puts.map(({ response }) => JSON.stringify(response))).size).toBe(1);
      expect(party.words.count('wait_for_word')).toBe(1);
      expect(await party.states()).toEqual(['wait_for_word succeeded 1']);
    });
  });

  it('of a retried deploy has the same RequestId, and is a run of its own', async () => {
    await inParty(region, { tasks: ['say_hello', 'break_down'] }, async (party) => {
      const first = await party.request('Update', { requestId: 'the same' }).deliver();
      expect(await first.answer()).toMatchObject({ Status: 'FAILED', RequestId: 'the same' });
      await first.over();
      const second = await party.request('Update', { requestId: 'the same', deployId: 'd2' }).deliver();
      expect(await second.answer()).toMatchObject({ Status: 'FAILED', RequestId: 'the same' });
      await second.over();
      expect(second.runId).not.toBe(first.runId);
      expect(await party.states()).toEqual(['say_hello succeeded 1', 'break_down failed 2']);
    });
  });

  it('comes while another deploy executes a task: it waits, and runs nothing twice', async () => {
    await inParty(region, { tasks: ['wait_for_word', 'announce'] }, async (party) => {
      const first = await party.request('Update').deliver();
      await party.words.began('wait_for_word');
      const second = await party.request('Update', { deployId: 'd2' }).deliver();
      await vi.waitFor(() => expect(party.waits).toBeGreaterThan(1), { timeout: 20_000 });
      expect(second.puts).toEqual([]);
      party.words.give('wait_for_word', 'go on');
      expect(await first.answer()).toMatchObject({ Status: 'SUCCESS' });
      expect(await second.answer()).toMatchObject({ Status: 'SUCCESS' });
      expect(party.words.count('wait_for_word')).toBe(1);
      await party.atRest();
      expect((await party.states()).sort()).toEqual(['announce succeeded 2', 'wait_for_word succeeded 1']);
    });
  });

  it('always has one PhysicalResourceId, whatever CloudFormation has made up', async () => {
    await inParty(region, { tasks: ['break_down'] }, async (party) => {
      const ids = new Set<string>();
      for (const request of [
        party.request('Create'),
        party.request('Update'),
        party.request('Delete', { physicalId: 'shop-prod-tasksrun7f-1x2y3z' }),
      ]) {
        await request.deliver();
        ids.add((await request.answer()).PhysicalResourceId);
        await party.atRest();
      }
      expect([...ids]).toEqual([FUNCTION_NAME]);
      expect(Buffer.byteLength(FUNCTION_NAME)).toBeLessThan(1_024);
    });
  });

  it('with nothing new runs nothing, and says so', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      await party.deploy('Create');
      expect((await party.deploy()).Data).toEqual({ Outcome: 'no pending tasks to run' });
      expect(await party.states()).toEqual(['say_hello succeeded 1']);
    });
  });
});

describe.concurrent('what is refused, and has no answer:', () => {
  it.each([
    ['an event of another stack', { StackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/Other/1' }],
    ['a URL to elsewhere', { ResponseURL: 'https://evil.example/response' }],
    ['a URL to this machine on another port', { ResponseURL: 'http://127.0.0.1:1/response' }],
    ['an unknown request type', { RequestType: 'Destroy' }],
  ])('%s', async (_, fields) => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      const request = party.request('Create');
      await expect(party.send({ ...request.event, ...fields })).rejects.toThrow('was refused');
      expect(request.puts).toEqual([]);
      expect(await party.items()).toEqual([]);
    });
  });

  it('an event at the alias for status', async () => {
    await inParty(region, { tasks: ['say_hello'] }, async (party) => {
      for (const type of ['Create', 'Update', 'Delete'] as const) {
        const request = party.request(type);
        const answer = await party.send(request.event, ':status');
        expect(answer).toMatchObject({ error: { code: 'bad-request' } });
        party.said.push(JSON.stringify(answer));
        expect(request.puts).toEqual([]);
      }
      expect(await party.items()).toEqual([]);
    });
  });
});
