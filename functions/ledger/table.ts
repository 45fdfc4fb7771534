import type {
  DeleteCommandInput,
  GetCommandInput,
  PutCommandInput,
  QueryCommandInput,
  UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { retryAccessDenied } from '../access-denied.ts';
import type { Item } from './parse-item.ts';
import { namesIn } from './update-command.ts';

/** Every place that writes to the ledger. */
export const writeSites = [
  'party.begin-deploy',
  'party.forget-baselined',
  'run.accept',
  'run.begin',
  'run.request-cancel',
  'run.settle',
  'run.commit',
  'run.hand-over',
  'answer.keep',
  'answer.forget',
  'task.claim',
  'task.checkpoint',
  'task.request-stop',
  'task.set-rate',
  'task.release',
  'task.finish',
  'task.orphan',
  'task.correct',
] as const;

/** Every place besides that writes to the ledger for a task that is split into children. */
export const fanOutWriteSites = [
  'task.fan-out',
  'task.reopen',
  'task.settle',
  'child.plan',
  'child.claim',
  'child.checkpoint',
  'child.release',
  'child.finish',
  'child.settle',
  'child.correct',
] as const;
export type WriteSite = (typeof writeSites)[number] | (typeof fanOutWriteSites)[number];

/** A place in the ledger. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** What became of a conditional write; with the item as it was, or is, where the command asked for it. */
export type Written = { applied: true; attributes: Item | undefined } | { applied: false };

export interface Update {
  readonly update: UpdateCommandInput;
}

/** One write, as the client takes it. */
export type Write = Update | { readonly put: PutCommandInput } | { readonly delete: DeleteCommandInput };

interface Output {
  readonly Attributes?: Item | undefined;
}

/** What the ledger uses of the AWS SDK's `DynamoDBDocument`. */
export interface LedgerClient {
  get(input: GetCommandInput): Promise<{ readonly Item?: Item | undefined }>;
  query(
    input: QueryCommandInput,
  ): Promise<{ readonly Items?: Item[] | undefined; readonly LastEvaluatedKey?: Item | undefined }>;
  put(input: PutCommandInput): Promise<Output>;
  update(input: UpdateCommandInput): Promise<Output>;
  delete(input: DeleteCommandInput): Promise<Output>;
}

/** One party's part of a table: strongly consistent reads and conditional writes. */
export class LedgerTable {
  readonly tableName: string;
  readonly ledgerId: string;
  readonly #client: LedgerClient;

  constructor(client: LedgerClient, tableName: string, ledgerId: string) {
    this.#client = client;
    this.tableName = tableName;
    this.ledgerId = ledgerId;
  }

  /** One item, or only the named attributes of it. */
  async get(pk: string, sk: string, attributes: readonly string[] = []): Promise<Item | undefined> {
    const input: GetCommandInput = {
      TableName: this.tableName,
      Key: { pk, sk },
      ConsistentRead: true,
      ...projectionOf(attributes),
    };
    return (await retryAccessDenied(() => this.#client.get(input))).Item;
  }

  /** All items of a partition whose sort key begins so; no prefix, all. */
  async query(pk: string, prefix: string): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.pages(pk, prefix)) items.push(...page);
    return items;
  }

  /** As `query`, page by page, each item whole or only with the named attributes. */
  async *pages(pk: string, prefix: string, attributes: readonly string[] = []): AsyncGenerator<Item[]> {
    const input: QueryCommandInput = {
      TableName: this.tableName,
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
      ConsistentRead: true,
      ...projectionOf(attributes),
    };
    let next: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#client.query({
        ...input,
        ExclusiveStartKey: next,
      });
      yield Items;
      next = LastEvaluatedKey;
    } while (next !== undefined);
  }

  /** The only way to write; `site` names the transition for tests that fail at each one. */
  async write(_site: WriteSite, write: Write): Promise<Written> {
    try {
      const { Attributes } = await retryAccessDenied(() => this.#send(write));
      return { applied: true, attributes: Attributes };
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException')
        return { applied: false };
      throw error;
    }
  }

  #send(write: Write): Promise<Output> {
    if ('update' in write) return this.#client.update(write.update);
    return 'put' in write ? this.#client.put(write.put) : this.#client.delete(write.delete);
  }
}

/** No names, all attributes. */
function projectionOf(
  names: readonly string[],
): Pick<GetCommandInput, 'ProjectionExpression' | 'ExpressionAttributeNames'> {
  if (names.length === 0) return {};
  const projection = names.map((name) => `#${name}`).join(', ');
  return { ProjectionExpression: projection, ExpressionAttributeNames: namesIn(projection) };
}
