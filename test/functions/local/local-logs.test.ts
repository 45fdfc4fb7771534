import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalLogLine, LocalLogs } from '../../../functions/local/local-logs.ts';

const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
let folder: string;
let logs: LocalLogs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'));
  logs = await LocalLogs.open(folder, () => undefined);
});

afterEach(() => rm(folder, { recursive: true }));

const lineOf = (fields: object) => JSON.stringify({ level: 'INFO', task: 'talker', attempt: 1, ...fields });

function say(run: string, minute: number, message: string, version = '7'): void {
  const timestamp = new Date(Date.UTC(2026, 10, 20, 10, minute)).toISOString();
  logs.listener(run)(lineOf({ timestamp, message, version }));
}

const messages = (lines: readonly { message: string }[]) => lines.map(({ message }) => message);

describe('LocalLogs', () => {
  it('reads a task’s lines of all runs, oldest first', async () => {
    say(second, 3, 'later');
    say(first, 1, 'earlier');
    say(first, 2, 'of another task', '8');

    expect(messages((await logs.read({ version: '7' })).lines)).toEqual(['earlier', 'later']);
    expect(messages((await logs.read({ version: '7', since: '2026-11-20T10:03:00.000Z' })).lines)).toEqual([
      'later',
    ]);
  });

  it.each(['{"at":"2026-', 'null', ''])(
    'says where a line is damaged, and shows the rest: %j',
    async (damage) => {
      say(first, 1, 'before');
      await appendFile(join(folder, 'logs', `${first}.jsonl`), `${damage}\n`);
      say(first, 2, 'after');

      expect((await logs.read({ version: '7' })).lines).toMatchObject([
        { message: 'before' },
        {
          level: 'ERROR',
          version: '7',
          message: expect.stringContaining(`line 2 of ${join(folder, 'logs', first)}`),
        },
        { message: 'after' },
      ]);
    },
  );

  it('reads a page at a time', async () => {
    for (let minute = 0; minute < 501; minute++) say(first, minute, `${minute}`);

    const page = await logs.read({ version: '7' });
    const rest = await logs.read({ version: '7', token: page.token ?? '' });

    expect(page.lines).toHaveLength(500);
    expect(rest).toMatchObject({ lines: [{ message: '500' }], token: null });
  });

  it('gives the last lines of a task in one run', async () => {
    for (const minute of [1, 2, 3]) say(first, minute, `${minute}`);
    say(first, 4, 'of another task', '8');
    say(second, 5, 'of another run');

    expect(messages(await logs.tail({ version: '7', runId: first, limit: 2 }))).toEqual(['2', '3']);
    expect(await logs.tail({ version: '7', runId: 'c'.repeat(32), limit: 2 })).toEqual([]);
  });

  it.each(['{"half":', '{"message":"without a time"}', 'Segmentation fault'])(
    'keeps as it is what no logger wrote: %s',
    async (text) => {
      const listen = logs.listener(first);
      listen(lineOf({ timestamp: new Date().toISOString(), message: 'before', version: '7' }));
      listen(text);
      expect(messages(await logs.tail({ version: '7', runId: first, limit: 9 }))).toEqual(['before', text]);
    },
  );

  it('takes plain lines for those of whoever spoke last in the same process', async () => {
    const said: LocalLogLine[] = [];
    const heard = await LocalLogs.open(folder, (line) => said.push(line));
    const [one, other] = [heard.listener(first), heard.listener(first)];
    const timestamp = new Date().toISOString();
    one(lineOf({ timestamp, message: 'begins', version: '7', attempt: 1 }));
    other(lineOf({ timestamp, message: 'begins', version: '7', attempt: 2 }));

    one('Segmentation fault');

    expect(said[2]).toMatchObject({
      message: 'Segmentation fault',
      version: '7',
      task: 'talker',
      attempt: 1,
    });
  });

  it('passes over a line that is still being written', async () => {
    say(first, 1, 'whole');
    await appendFile(join(folder, 'logs', `${first}.jsonl`), '{"at":"2026-');
    expect(messages((await logs.read({ version: '7' })).lines)).toEqual(['whole']);
  });
});
