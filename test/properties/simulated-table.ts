import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LedgerTable, type WriteSite, type Written } from '../../functions/ledger/index.ts';
import type { SimulatedProcess } from './simulation.ts';

/** What goes wrong at a write: the process dies, or the SDK loses the first answer and sends it again. */
export type Fault = 'crash before' | 'crash after' | 'sent twice';

/** What a table tells of its writes. */
export interface WriteObserver {
  faultAt(site: WriteSite, process: SimulatedProcess): Fault | undefined;
  wrote(site: WriteSite, key: { pk: string; sk: string }, process: SimulatedProcess): Promise<void>;
  read(pk: string, process: SimulatedProcess): void;
}

/** The real table, in which each read and write waits for its turn and may be the last of its process. */
export class SimulatedTable extends LedgerTable {
  readonly #process: SimulatedProcess;
  readonly #observer: WriteObserver;

  constructor(
    client: DynamoDBDocumentClient,
    tableName: string,
    ledgerId: string,
    process: SimulatedProcess,
    observer: WriteObserver,
  ) {
    super(client, tableName, ledgerId);
    this.#process = process;
    this.#observer = observer;
  }

  override get(...[pk, sk]: Parameters<LedgerTable['get']>): ReturnType<LedgerTable['get']> {
    return this.#process.step(`get ${pk} ${sk}`, () => {
      this.#observer.read(pk, this.#process);
      return super.get(pk, sk);
    });
  }

  override query(...[pk, prefix]: Parameters<LedgerTable['query']>): ReturnType<LedgerTable['query']> {
    return this.#process.step(`query ${pk} ${prefix}`, () => {
      this.#observer.read(pk, this.#process);
      return super.query(pk, prefix);
    });
  }

  override write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
    return this.#process.step(`write ${site}`, async () => {
      const fault = this.#observer.faultAt(site, this.#process);
      if (fault === 'crash before') {
        this.#process.die(`crashed before ${site}`);
        return { applied: false };
      }
      let written = await super.write(site, command);
      let applied = written.applied;
      if (fault === 'sent twice') {
        written = await super.write(site, command);
        applied ||= written.applied;
      }
      const { pk, sk } = ('Key' in command.input ? command.input.Key : command.input.Item) as Key;
      if (applied) await this.#observer.wrote(site, { pk, sk }, this.#process);
      if (fault === 'crash after') this.#process.die(`crashed after ${site}`);
      return written;
    });
  }
}

type Key = { pk: string; sk: string };
