import { type PendingAnswer, parsePendingAnswer } from './records.ts';
import type { ItemKey, LedgerTable } from './table.ts';

/** CloudFormation's requests that wait for an answer: `pk` is `<ledger id>#answers`, closed to the runner. */
export class PendingAnswers {
  readonly #table: LedgerTable;

  constructor(table: LedgerTable) {
    this.#table = table;
  }

  /** @throws PartyError `damaged-record` */
  async get(runId: string): Promise<PendingAnswer | undefined> {
    const { pk, sk } = this.#key(runId);
    const item = await this.#table.get(pk, sk);
    return item === undefined ? undefined : parsePendingAnswer(item);
  }

  async keep(runId: string, answer: PendingAnswer): Promise<void> {
    await this.#table.write('answer.keep', {
      put: {
        TableName: this.#table.tableName,
        Item: { ...answer, ...this.#key(runId) },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    });
  }

  /** The URL is a credential: it goes as soon as it has been used. */
  async forget(runId: string): Promise<void> {
    await this.#table.write('answer.forget', {
      delete: { TableName: this.#table.tableName, Key: this.#key(runId) },
    });
  }

  #key(runId: string): ItemKey {
    return { pk: `${this.#table.ledgerId}#answers`, sk: runId };
  }
}
