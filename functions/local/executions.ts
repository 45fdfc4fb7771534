import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Work } from '../workflow-messages.ts';
import type { TableDefinition } from './app-tables.ts';

const TABLE = 'after-party-executions';

export const executionsTable: TableDefinition = {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'runId', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'runId', AttributeType: 'S' }],
};

/** What a runner was told, and as which request. */
export interface Invocation {
  readonly work: Work;
  readonly requestId: string;
}

/** An execution whose process is gone, and what its runner was told last, unless that was settled. */
export interface Orphan {
  readonly runId: string;
  readonly driver: string;
  readonly invocation?: Invocation | null;
}

/** Which runs were ever started, as Step Functions knows executions by their names, and who drives them. */
export class Executions {
  readonly #client: DynamoDBDocumentClient;
  /** Names this process among the clients of the database. */
  readonly #driver: string;

  constructor(client: DynamoDBDocumentClient, driver: string) {
    this.#client = client;
    this.#driver = driver;
  }

  /** What came of the attempt to begin one: only the first one does. */
  async begin(runId: string): Promise<'begun' | 'running' | 'ended'> {
    const Item = { runId, driver: this.#driver, state: 'running' };
    const begun = await conditionally(() =>
      this.#client.send(
        new PutCommand({ TableName: TABLE, Item, ConditionExpression: 'attribute_not_exists(runId)' }),
      ),
    );
    if (begun) return 'begun';
    const found = await this.#client.send(
      new GetCommand({ TableName: TABLE, Key: { runId }, ConsistentRead: true }),
    );
    return found.Item?.state === 'ended' ? 'ended' : 'running';
  }

  beginInvocation(runId: string, invocation: Invocation): Promise<void> {
    return this.#set(runId, 'invocation', invocation);
  }

  /** Once Decide knows what came of it. */
  endInvocation(runId: string): Promise<void> {
    return this.#set(runId, 'invocation', null);
  }

  end(runId: string): Promise<void> {
    return this.#set(runId, 'state', 'ended');
  }

  /** Executions that none of these clients drives. */
  async orphans(clients: readonly string[]): Promise<readonly Orphan[]> {
    const orphans: Orphan[] = [];
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: TABLE,
        FilterExpression: '#state = :running',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':running': 'running' },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) orphans.push(...(Items as Orphan[]));
    return orphans.filter(({ driver }) => !clients.includes(driver));
  }

  /** False where another process was faster. */
  adopt({ runId, driver }: Orphan): Promise<boolean> {
    return conditionally(() => this.#set(runId, 'driver', this.#driver, driver));
  }

  async #set(runId: string, attribute: string, value: unknown, driver: string = this.#driver): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: TABLE,
        Key: { runId },
        UpdateExpression: 'SET #attribute = :value',
        ConditionExpression: 'driver = :driver',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':value': value, ':driver': driver },
      }),
    );
  }
}

async function conditionally(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
