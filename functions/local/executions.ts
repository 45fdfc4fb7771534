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

/** An execution: which run's, and how many executions of that run came before. */
export interface ExecutionId {
  readonly runId: string;
  readonly generation: number;
}

/** An execution whose process is gone, and what its runners were told that was not settled, by request. */
export interface Orphan extends ExecutionId {
  readonly driver: string;
  readonly invocations: Readonly<Record<string, Invocation>>;
}

/** Which runs were ever started, as Step Functions knows executions by their names, and who drives them. */
export class Executions {
  readonly #client: DynamoDBDocumentClient;
  /** Names this process among the clients of the database. */
  readonly #driver: string;
  readonly #ledgerId: string;

  constructor(client: DynamoDBDocumentClient, driver: string, ledgerId: string) {
    this.#client = client;
    this.#driver = driver;
    this.#ledgerId = ledgerId;
  }

  /** What came of the attempt to begin one: only the first one does. */
  async begin({ runId, generation }: ExecutionId): Promise<'begun' | 'running' | 'ended'> {
    const begun = await conditionally(() =>
      this.#client.send(
        new PutCommand({
          TableName: TABLE,
          Item: {
            ...{ runId, generation, driver: this.#driver, ledgerId: this.#ledgerId },
            ...{ state: 'running', invocations: {} },
          },
          ConditionExpression: 'attribute_not_exists(runId) OR generation < :generation',
          ExpressionAttributeValues: { ':generation': generation },
        }),
      ),
    );
    if (begun) return 'begun';
    return (await this.isRunning({ runId, generation })) ? 'running' : 'ended';
  }

  async isRunning({ runId, generation }: ExecutionId): Promise<boolean> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: TABLE, Key: { runId }, ConsistentRead: true }),
    );
    return Item?.generation === generation && Item.state === 'running';
  }

  beginInvocation(id: ExecutionId, invocation: Invocation): Promise<void> {
    return this.#update(id, 'SET #invocations.#request = :invocation', {
      names: { '#invocations': 'invocations', '#request': invocation.requestId },
      values: { ':invocation': invocation },
    });
  }

  /** Once Decide knows what came of it. */
  endInvocation(id: ExecutionId, { requestId }: Pick<Invocation, 'requestId'>): Promise<void> {
    return this.#updateUnlessFollowed(id, 'REMOVE #invocations.#request', {
      names: { '#invocations': 'invocations', '#request': requestId },
    });
  }

  end(id: ExecutionId): Promise<void> {
    return this.#updateUnlessFollowed(id, 'SET #state = :ended', {
      names: { '#state': 'state' },
      values: { ':ended': 'ended' },
    });
  }

  /** Executions of this ledger's runs that none of these clients drives. */
  async orphans(clients: readonly string[]): Promise<readonly Orphan[]> {
    const orphans: Orphan[] = [];
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: TABLE,
        FilterExpression: '#state = :running AND ledgerId = :ledgerId',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':running': 'running', ':ledgerId': this.#ledgerId },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) orphans.push(...(Items as Orphan[]));
    return orphans.filter(({ driver }) => !clients.includes(driver));
  }

  /** False where another process was faster. */
  adopt({ driver, ...id }: Orphan): Promise<boolean> {
    const change = { names: { '#driver': 'driver' }, values: { ':adopter': this.#driver } };
    return conditionally(() => this.#update(id, 'SET #driver = :adopter', change, driver));
  }

  /** The item of a run is its last execution's: what an earlier one has to say of its end changes nothing. */
  async #updateUnlessFollowed(id: ExecutionId, expression: string, change: Change): Promise<void> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: TABLE, Key: { runId: id.runId }, ConsistentRead: true }),
    );
    if (Item?.generation === id.generation) await this.#update(id, expression, change);
  }

  async #update(
    { runId, generation }: ExecutionId,
    expression: string,
    { names, values }: Change,
    driver: string = this.#driver,
  ): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: TABLE,
        Key: { runId },
        UpdateExpression: expression,
        ConditionExpression: 'driver = :driver AND generation = :generation',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...values, ':driver': driver, ':generation': generation },
      }),
    );
  }
}

/** What the placeholders of an update stand for. */
interface Change {
  readonly names: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
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
