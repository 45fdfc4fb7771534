import { request } from 'node:http';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { GetCommandInput, QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { LedgerClient } from '../ledger/table.ts';
import { serverLost } from './database.ts';

type Item = Record<string, unknown>;
type Marshalled = Record<string, AttributeValue>;

interface Answer {
  readonly Item?: Marshalled;
  readonly Items?: Marshalled[];
  readonly LastEvaluatedKey?: Marshalled;
  readonly __type?: string;
  readonly message?: string;
}

/** The database wants to see a signature, and does not check it. */
const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20000101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
};

/**
 * Reads from the database on this machine without the AWS SDK, which takes longer to load than all else that a look
 * does. A table that is not there yet has no items.
 */
export class PlainDynamo implements Pick<LedgerClient, 'get' | 'query'> {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async get(input: GetCommandInput): ReturnType<LedgerClient['get']> {
    const { Item } = await this.#call('GetItem', { ...input, Key: marshalled(input.Key) });
    return { Item: Item && native(Item) };
  }

  async query(input: QueryCommandInput): ReturnType<LedgerClient['query']> {
    const { Items = [], LastEvaluatedKey } = await this.#call('Query', {
      ...input,
      ExpressionAttributeValues: marshalled(input.ExpressionAttributeValues),
      ExclusiveStartKey: marshalled(input.ExclusiveStartKey),
    });
    return { Items: Items.map(native), LastEvaluatedKey: LastEvaluatedKey && native(LastEvaluatedKey) };
  }

  async #call(action: 'GetItem' | 'Query', input: object): Promise<Answer> {
    const { status, text } = await this.#post(action, JSON.stringify(input));
    const answer = JSON.parse(text, withBinary) as Answer;
    if (status === 200) return answer;
    const name = answer.__type?.split('#').at(-1);
    if (name === 'ResourceNotFoundException') return {};
    throw Object.assign(new Error(answer.message ?? text), { name });
  }

  #post(action: string, body: string): Promise<{ status: number | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      const lose = (cause: Error): void => reject(serverLost(cause));
      const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${action}` };
      const sent = request(this.#endpoint, { method: 'POST', agent: false, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('error', lose);
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      sent.on('error', lose).end(body);
    });
  }
}

function marshalled(item: Item | undefined): Marshalled | undefined {
  return item && marshall(item);
}

function native(item: Marshalled): Item {
  return unmarshall(item, { wrapNumbers: Number });
}

/** An attribute may be called `B`, too; it is an object then. */
function withBinary(name: string, value: unknown): unknown {
  if (name === 'B' && typeof value === 'string') return bytes(value);
  return name === 'BS' && Array.isArray(value) ? value.map(bytes) : value;
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
