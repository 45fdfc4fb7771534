import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createDocumentClient, Ledger, LedgerTable } from '../../../functions/ledger/index.ts';
import { checkLedger } from '../../../functions/runner/ledger-check.ts';
import { startDynalite } from '../../dynalite.ts';
import { TestParty } from './party.ts';

const ID = 'c'.repeat(32);

function ledgerAt(port: number): { ledger: Ledger } {
  const client = createDocumentClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return { ledger: new Ledger(new LedgerTable(client, 'ledger', 'party')) };
}

describe('a runner that is told to execute nothing', () => {
  it('says that it reaches the ledger, of a run that is not there, and records nothing', async () => {
    const database = await startDynalite();
    try {
      const party = new TestParty(database, await database.createTable('ledger'));
      party.add('1', {
        run() {
          throw new Error('it was begun');
        },
      });

      expect(await party.invoke(ID, { versions: [] })).toEqual({ v: 1, runId: ID });

      expect([await party.ledger.runs.get(ID), await party.states()]).toEqual([undefined, {}]);
    } finally {
      await database.stop();
    }
  });

  it('says why it does not: nobody listens, or nobody answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;

    const unanswered = await checkLedger(ledgerAt(port), ID, 200);
    silent.close();
    expect(unanswered).toEqual({ unreached: 'DynamoDB did not answer within 0.2 s' });
    expect(await checkLedger(ledgerAt(port === 1 ? 2 : 1), ID)).toEqual({
      unreached: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
