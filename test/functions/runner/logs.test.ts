import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../../functions/task/index.ts';
import { TestParty } from './party.ts';
import { database, output, party, setUpParty } from './set-up-party.ts';

setUpParty();

describe('the log of a task', () => {
  it('carries version, name, run and attempt on each line, of the logger and of console', async () => {
    party.add('007', {
      async run({ logger }) {
        logger.info('by the logger', { version: 'of the app', users: 3 });
        console.log('by %s', 'console');
        await Promise.resolve();
        console.error(new Error('an error'));
      },
    });

    const { runId } = await party.deploy();

    const lines = output.lines();
    expect(lines.map(({ level, message }) => `${level} ${String(message).split('\n', 1)[0]}`)).toEqual([
      'INFO task started',
      'INFO by the logger',
      'INFO by console',
      'ERROR Error: an error',
      'INFO task succeeded',
    ]);
    for (const line of lines)
      expect(line).toMatchObject({ version: '007', task: 'task_7', run: runId, attempt: 1 });
    expect(lines[1]).toMatchObject({ users: 3 });
    expect(lines.at(-1)).toMatchObject({ durationMs: expect.any(Number) });
  });

  it('says how it failed', async () => {
    party.add('1', { run: () => Promise.reject(new RangeError('out of seats')) });

    await party.deploy();

    expect(output.lines().at(-1)).toMatchObject({
      level: 'ERROR',
      message: 'task failed',
      durationMs: expect.any(Number),
      error: { name: 'RangeError', message: 'out of seats', stack: expect.any(String) },
    });
  });

  it('keeps tasks that run side by side apart', async () => {
    const other = new TestParty(database, 'ledger');
    const saying = (word: string) => async () => {
      for (let turn = 0; turn < 5; turn++) {
        await new Promise(setImmediate);
        console.log(word);
      }
    };
    party.add('1', { run: saying('one') });
    other.add('2', { run: saying('two') });

    await Promise.all([party.deploy(), other.deploy()]);

    const said = output.lines().filter(({ message }) => message === 'one' || message === 'two');
    expect(said).toHaveLength(10);
    for (const { message, version } of said) expect(version).toBe(message === 'one' ? '1' : '2');
  });

  it('leaves console to others once the tasks have ended', async () => {
    party.add('1', { run: () => undefined });
    await party.deploy();

    console.log('not of a task');

    expect(output.lines().map(({ message }) => message)).not.toContain('not of a task');
  });
});

describe('secret params', () => {
  const token = 'tok"en\nα-77';
  const params = { who: 'Ada', token, credentials: { password: 'pa55word', pin: 123456 } };
  const schema = v.object({
    who: v.string(),
    token: v.pipe(
      v.string(),
      v.transform((text) => `Bearer ${text.toUpperCase()}`),
    ),
    credentials: v.object({ password: v.string(), pin: v.number() }),
  });
  const secrets = [
    token,
    JSON.stringify(token).slice(1, -1),
    encodeURIComponent(token),
    token.toUpperCase(),
    'pa55word',
    '123456',
  ];

  async function invokeWithSecrets(
    run: (ctx: RunContext<v.InferOutput<typeof schema>>) => unknown,
  ): Promise<string> {
    party.add('1', { params: schema, secretParams: ['token', 'credentials'], run });
    await party.invoke(
      await party.begin({ trigger: 'invoke', params, secretParams: ['token', 'credentials'] }),
    );
    return JSON.stringify(await party.record('1'));
  }

  function expectNone(text: string): void {
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
  }

  it('are blanked out of logs, errors, stacks and the lines kept', async () => {
    const record = await invokeWithSecrets(({ params, logger }) => {
      logger.info(`params ${params.token}`, { params, [params.credentials.password]: 1 });
      console.log(params);
      new Logger({ serviceName: 'of the app' }).info('own logger', { ...params });
      process.stderr.write(`raw ${token} pa55word\n`);
      throw new Error(`GET https://example.com/?t=${encodeURIComponent(token)} ${params.credentials.pin}`, {
        cause: new Error(`${params.token} pa55word`),
      });
    });

    expect(record).toContain('"state":"failed"');
    expect(record).toContain('Ada');
    expectNone(record);
    expect(output.text()).toContain('own logger');
    expect(output.text()).toContain('raw [redacted] [redacted]');
    expectNone(output.text());
  });

  it('are blanked out of the result, which stays JSON', async () => {
    const record = await invokeWithSecrets(({ params }) => ({
      ...params,
      list: [params.credentials.pin, 7],
    }));

    expect(record).toContain('"state":"succeeded"');
    expect((await party.record('1')).result).toEqual({
      who: 'Ada',
      token: '[redacted]',
      credentials: { password: '[redacted]', pin: '[redacted]' },
      list: ['[redacted]', 7],
    });
    expectNone(record);
  });

  it('are blanked no longer once the task has ended', async () => {
    await invokeWithSecrets(() => undefined);

    process.stdout.write('pa55word of somebody else');

    expect(output.text()).toContain('pa55word of somebody else');
  });
});
