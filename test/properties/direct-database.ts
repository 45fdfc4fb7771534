import { createRequire } from 'node:module';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from '../../functions/ledger/index.ts';

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
interface Failure {
  readonly statusCode?: number;
  readonly body?: object;
}
type Store = object;
type Action = (store: Store, data: object, done: (error: Failure | null, output: object) => void) => void;
interface Checks {
  toLowerFirst(name: string): string;
  checkTypes(data: object, types: object): object;
  checkValidations(data: object, types: object, custom: unknown, store: Store): void;
}

const require = createRequire(import.meta.url);
const { create } = require('dynalite/db') as { create(options: object): Store };
const checks = require('dynalite/validations') as Checks;

/** Dynalite without its HTTP server: many histories spend most of their time on requests. */
export function directDatabase(): DynamoDBDocument {
  const store = create({ createTableMs: 0 });
  const client = createDocumentClient({
    endpoint: 'http://127.0.0.1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: {
      async handle({ headers, body }: Request) {
        const action = checks.toLowerFirst(String(headers['x-amz-target']).split('.')[1] ?? '');
        const { statusCode, output } = await perform(
          store,
          action,
          JSON.parse(new TextDecoder().decode(body)),
        );
        return { response: { statusCode, headers: {}, body: Buffer.from(JSON.stringify(output)) } as never };
      },
    },
  });
  // Nobody checks the signature, and what fails is not to be tried again unseen.
  client.middlewareStack.remove('httpSigningMiddleware');
  client.middlewareStack.remove('retryMiddleware');
  return client;
}

async function perform(
  store: Store,
  name: string,
  input: object,
): Promise<{ statusCode: number; output: object }> {
  const action = require(`dynalite/actions/${name}`) as Action;
  const { types, custom } = require(`dynalite/validations/${name}`) as { types: object; custom: unknown };
  try {
    const data = checks.checkTypes(input, types);
    checks.checkValidations(data, types, custom, store);
    const output = await new Promise<object>((resolve, reject) => {
      action(store, data, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    return { statusCode: 200, output };
  } catch (error) {
    const { statusCode, body } = error as Failure;
    if (statusCode === undefined || body === undefined) throw error;
    return { statusCode, output: body };
  }
}

/** Makes a table with the ledger's keys. */
export async function createLedgerTable(client: DynamoDBDocument, tableName: string): Promise<void> {
  const string = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      AttributeDefinitions: [string('pk'), string('sk')],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}
