import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Dynalite, startDynalite } from '../../dynalite.ts';
import { captureOutput, TestParty } from './party.ts';

/** The database of the test file. */
export let database: Dynalite;
/** The party of the test that is running. */
export let party: TestParty;
/** What the test that is running has written to stdout and stderr. */
export let output: ReturnType<typeof captureOutput>;

/** Has each test of the file find a party of its own. */
export function setUpParty(): void {
  beforeAll(async () => {
    database = await startDynalite();
    await database.createTable('ledger');
  });
  afterAll(() => database.stop());
  beforeEach(() => {
    output = captureOutput();
    party = new TestParty(database, 'ledger');
  });
  afterEach(() => output.restore());
}
