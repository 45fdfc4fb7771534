import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { LedgerTable, type WriteSite, type Written } from '../../../functions/ledger/index.ts';

/** How a write goes wrong: its process dies before it or after it, or the SDK sends it again. */
export type Fault = 'before' | 'after' | 'twice';
export const faults: readonly Fault[] = ['before', 'after', 'twice'];

/** A ledger's table of which one write goes wrong, counted from 1; nothing is written by who died at it. */
export class FaultyTable extends LedgerTable {
  readonly sites: WriteSite[] = [];
  readonly #at: number;
  readonly #fault: Fault;
  #isDead = false;

  constructor(client: DynamoDBDocument, ledgerId: string, at: number, fault: Fault) {
    super(client, 'ledger', ledgerId);
    this.#at = at;
    this.#fault = fault;
  }

  override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
    if (this.#isDead) throw new Error('its process is dead');
    this.sites.push(site);
    if (this.sites.length !== this.#at) return super.write(site, command);
    if (this.#fault === 'before') return this.#die(site);
    await super.write(site, command);
    return this.#fault === 'twice' ? super.write(site, command) : this.#die(site);
  }

  #die(site: WriteSite): never {
    this.#isDead = true;
    throw new Error(`died at ${site}`);
  }
}
