import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { withoutSdkLog } from '../without-sdk-log.ts';

export function createDocumentClient(config: DynamoDBClientConfig = {}): DynamoDBDocument {
  return DynamoDBDocument.from(withoutSdkLog(new DynamoDBClient(config)), {
    // The ledger's own numbers are small; a large one was put there by hand, and is not worth a failed read.
    marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
}
