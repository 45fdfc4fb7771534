import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { LedgerClient } from '../ledger/table.ts';
import { PlainDynamo } from './plain-dynamo.ts';

export const LEDGER_TABLE = 'after-party';

/** The database on this machine as the ledger uses it: whoever only looks never loads the AWS SDK. */
export class LocalDynamo implements LedgerClient {
  readonly config: DynamoDBClientConfig;
  readonly #plain: PlainDynamo;
  #opening: Promise<DynamoDBDocument> | undefined;

  constructor(config: DynamoDBClientConfig & { readonly endpoint: string }) {
    this.config = config;
    this.#plain = new PlainDynamo(config.endpoint);
  }

  /**
   * The SDK's client, after the party's tables were made. From then on it does all.
   * @throws PartyError `local-table`
   */
  document(): Promise<DynamoDBDocument> {
    this.#opening ??= import('./local-tables.ts').then(({ openTables }) => openTables(this.config));
    return this.#opening;
  }

  async get(...[input]: Parameters<LedgerClient['get']>): ReturnType<LedgerClient['get']> {
    return (await (this.#opening ?? this.#plain)).get(input);
  }

  async query(...[input]: Parameters<LedgerClient['query']>): ReturnType<LedgerClient['query']> {
    return (await (this.#opening ?? this.#plain)).query(input);
  }

  async put(...[input]: Parameters<LedgerClient['put']>): ReturnType<LedgerClient['put']> {
    return (await this.document()).put(input);
  }

  async update(...[input]: Parameters<LedgerClient['update']>): ReturnType<LedgerClient['update']> {
    return (await this.document()).update(input);
  }

  async delete(...[input]: Parameters<LedgerClient['delete']>): ReturnType<LedgerClient['delete']> {
    return (await this.document()).delete(input);
  }

  async close(): Promise<void> {
    const [opened] = await Promise.allSettled([this.#opening]);
    if (opened.status === 'fulfilled') opened.value?.destroy();
  }
}
