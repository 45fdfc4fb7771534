import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeployedParty } from './deployed-party.ts';
import { expectNoTrace, inParty } from './in-party.ts';
import { Region } from './region.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let region: Region;
beforeAll(async () => {
  region = await Region.start();
});
afterAll(() => region.stop());

/** Runs a task with a secret, to its end, and asks for all that people can see of it. */
async function invoked(party: DeployedParty, name: string, params: object): Promise<string> {
  const runId = randomBytes(16).toString('hex');
  await party.ask({ request: 'invoke', runId, names: [name], params, by: 'ann', confirmed: true });
  await party.ask({ request: 'show-run', runId });
  await party.driver.settled(runId);
  for (const request of [
    { request: 'show-run', runId },
    { request: 'status' },
    { request: 'show', names: [name] },
    { request: 'logs', names: [name] },
  ]) {
    await party.ask(request);
  }
  return (await party.ledger.runs.require(runId)).state;
}

const TASKS = ['lose_secret', 'return_secret', 'crash_with_secret'];

describe.concurrent('a secret param', () => {
  it.each([
    ['is logged and thrown', 'lose_secret', 'failed', '', 'HTTP 401 with [redacted]'],
    ['is returned', 'return_secret', 'succeeded', '', 'https://example.com/?token=[redacted]'],
    ['is in a rejection that nobody awaits', 'crash_with_secret', 'failed', '', 'nobody awaits [redacted]'],
    ['is refused by a careless schema', 'return_secret', 'failed', 'refused', 'token: is not valid'],
    ['has characters that JSON escapes', 'lose_secret', 'failed', '"\\ä&', 'HTTP 401 with [redacted]'],
  ])('that %s is shown nowhere', async (_, name, state, prefix, shown) => {
    await inParty(region, { tasks: TASKS }, async (party) => {
      const token = `${prefix}${randomBytes(12).toString('hex')}`;
      expect(await invoked(party, name, { tenant: 'acme', token })).toBe(state);
      const seen = [...party.said, ...(await party.items())];
      expect(seen.filter((text) => text.includes(shown))).not.toEqual([]);
      expect(seen.join('\n')).toContain('acme');
      expectNoTrace(token, seen);
      expectNoTrace(JSON.stringify(token).slice(1, -1), seen);
      expectNoTrace(token.slice(prefix.length), seen);
    });
  });

  it('is kept only until the run ends', async () => {
    await inParty(region, { tasks: TASKS }, async (party) => {
      const token = randomBytes(12).toString('hex');
      vi.spyOn(party.driver, 'start').mockResolvedValue('started');
      const runId = randomBytes(16).toString('hex');
      const params = { tenant: 'acme', token };
      await party.ask({ request: 'invoke', runId, names: ['return_secret'], params, by: 'ann' });
      expect((await party.items()).join('\n')).toContain(token);
      await party.ask({ request: 'cancel', runId, by: 'ann' });
      await party.send({ v: 1, request: 'decide', state: { v: 1, runId } });
      expectNoTrace(token, await party.items());
      expectNoTrace(token, party.said);
    });
  });
});

describe.concurrent('a response URL', () => {
  it('is in the ledger only until it is answered, and nowhere else', async () => {
    await inParty(region, { tasks: ['wait_for_word', 'break_down'] }, async (party) => {
      const request = await party.request('Update').deliver();
      await party.words.began('wait_for_word');
      const holding = (await party.items()).filter((item) => item.includes(region.bucket.marker));
      expect(holding.map((item) => JSON.parse(item).pk)).toEqual([`${party.ledger.id}#answers`]);
      party.words.give('wait_for_word', 'go on');
      await request.over();
      const names = ['break_down'];
      for (const message of [
        { request: 'status' },
        { request: 'show', names },
        { request: 'logs', names },
        { request: 'show-run', runId: request.runId },
      ]) {
        await party.ask(message);
      }
      expectNoTrace(region.bucket.marker, party.said);
      expectNoTrace(region.bucket.marker, await party.items());
    });
  });

  it('is in no error of an event that is refused', async () => {
    await inParty(region, { tasks: [] }, async (party) => {
      const { event } = party.request('Update');
      for (const fields of [
        { StackId: 'another' },
        { RequestType: 'Destroy' },
        { ResponseURL: [event.ResponseURL] },
        { ResponseURL: `https://evil.example/${region.bucket.marker}` },
        { LogicalResourceId: undefined },
      ]) {
        const error: unknown = await party.send({ ...event, ...fields }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(Error);
        expectNoTrace(region.bucket.marker, [String(error), (error as Error).stack ?? '']);
      }
    });
  });
});
