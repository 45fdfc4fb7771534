import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { LedgerTable, type Write, type WriteSite, type Written } from '../../functions/ledger/index.ts';
import type { SimulatedProcess } from './simulation.ts';

/**
 * What goes wrong at a write: the process dies, the SDK loses the first answer and sends it again, or the process
 * comes to it only when nothing else can happen.
 */
export type Fault = 'crash before' | 'crash after' | 'sent twice' | 'stall';

/** What a table tells of its writes. */
export interface WriteObserver {
  faultAt(site: WriteSite, process: SimulatedProcess): Fault | undefined;
  /** A write and its copy have both changed something. */
  wroteTwice(site: WriteSite): void;
  isWaitedFor(site: WriteSite): boolean;
  wrote(site: WriteSite, key: { pk: string; sk: string }, process: SimulatedProcess): Promise<void>;
  read(pk: string, sk: string | undefined, process: SimulatedProcess): void;
}

/** The real table, in which each read and write waits for its turn and may be the last of its process. */
export class SimulatedTable extends LedgerTable {
  readonly #process: SimulatedProcess;
  readonly #observer: WriteObserver;

  constructor(
    client: DynamoDBDocument,
    tableName: string,
    ledgerId: string,
    process: SimulatedProcess,
    observer: WriteObserver,
  ) {
    super(client, tableName, ledgerId);
    this.#process = process;
    this.#observer = observer;
  }

  override get(...[pk, sk, attributes]: Parameters<LedgerTable['get']>): ReturnType<LedgerTable['get']> {
    return this.#process.step(`get ${pk} ${sk}`, () => {
      this.#observer.read(pk, sk, this.#process);
      return super.get(pk, sk, attributes);
    });
  }

  /** All pages at one turn: what is read together is one look. */
  override async *pages(
    ...[pk, prefix, attributes]: Parameters<LedgerTable['pages']>
  ): ReturnType<LedgerTable['pages']> {
    yield* await this.#process.step(`query ${pk} ${prefix}`, async () => {
      this.#observer.read(pk, undefined, this.#process);
      const pages = [];
      for await (const page of super.pages(pk, prefix, attributes)) pages.push(page);
      return pages;
    });
  }

  override write(...[site, write]: Parameters<LedgerTable['write']>): Promise<Written> {
    const fault = this.#observer.faultAt(site, this.#process);
    this.#process.isLate = fault === 'stall' || this.#observer.isWaitedFor(site);
    return this.#process.step(`write ${site}`, async () => {
      this.#process.isLate = false;
      if (fault === 'crash before') {
        this.#process.die(`crashed before ${site}`);
        return { applied: false };
      }
      let written = await super.write(site, write);
      let applied = written.applied;
      if (fault === 'sent twice') {
        written = await super.write(site, write);
        if (applied && written.applied) this.#observer.wroteTwice(site);
        applied ||= written.applied;
      }
      const { pk, sk } = keyOf(write);
      if (applied) await this.#observer.wrote(site, { pk, sk }, this.#process);
      if (fault === 'crash after') this.#process.die(`crashed after ${site}`);
      return written;
    });
  }
}

function keyOf(write: Write): { pk: string; sk: string } {
  const key = 'put' in write ? write.put.Item : 'update' in write ? write.update.Key : write.delete.Key;
  return key as { pk: string; sk: string };
}
