import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import {
  type DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  type GetCommandInput,
  type PutCommand,
  paginateQuery,
  type UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { retryAccessDenied } from '../access-denied.ts';
import { withoutSdkLog } from '../without-sdk-log.ts';
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

export function createDocumentClient(config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(withoutSdkLog(new DynamoDBClient(config)), {
    // The ledger's own numbers are small; a large one was put there by hand, and is not worth a failed read.
    marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
}

/** One party's part of a table: strongly consistent reads and conditional writes. */
export class LedgerTable {
  readonly tableName: string;
  readonly ledgerId: string;
  readonly #client: DynamoDBDocumentClient;

  constructor(client: DynamoDBDocumentClient, tableName: string, ledgerId: string) {
    this.#client = client;
    this.tableName = tableName;
    this.ledgerId = ledgerId;
  }

  /** One item, or only the named attributes of it. */
  async get(pk: string, sk: string, attributes: readonly string[] = []): Promise<Item | undefined> {
    const command = new GetCommand({
      TableName: this.tableName,
      Key: { pk, sk },
      ConsistentRead: true,
      ...projectionOf(attributes),
    });
    return (await retryAccessDenied(() => this.#client.send(command))).Item;
  }

  /** All items of a partition whose sort key begins so; no prefix, all. */
  async query(pk: string, prefix: string): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of this.pages(pk, prefix)) items.push(...page);
    return items;
  }

  /** As `query`, page by page, each item whole or only with the named attributes. */
  async *pages(pk: string, prefix: string, attributes: readonly string[] = []): AsyncGenerator<Item[]> {
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.tableName,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
        ConsistentRead: true,
        ...projectionOf(attributes),
      },
    );
    for await (const page of pages) yield page.Items ?? [];
  }

  /** The only way to write; `site` names the transition for tests that fail at each one. */
  async write(_site: WriteSite, command: PutCommand | UpdateCommand | DeleteCommand): Promise<Written> {
    try {
      // The client's overloads take one command class each, hence the cast of the union to one of them.
      const output = await retryAccessDenied(() => this.#client.send(command as UpdateCommand));
      return { applied: true, attributes: output.Attributes };
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException')
        return { applied: false };
      throw error;
    }
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
