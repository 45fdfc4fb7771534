import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { defineTask } from 'after-party/task';

interface User {
  id: string;
  heightCm: number;
  removedBy?: string;
}

export default defineTask({
  description: 'Remove the tallest user',
  async run({ dryRun, env, idempotencyKey, logger }) {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    const users: User[] = [];
    for await (const page of paginateScan({ client }, { TableName: env.USERS_TABLE, ConsistentRead: true })) {
      users.push(...((page.Items ?? []) as User[]));
    }
    // An earlier attempt may have broken off after its write: the next tallest must not be removed as well.
    const removed = users.find((user) => user.removedBy === idempotencyKey);
    const tallest = removed ?? tallestOf(users.filter((user) => user.removedBy === undefined));
    if (tallest === undefined) return 'no user to remove';
    if (dryRun) return `would remove ${tallest.id} (${tallest.heightCm} cm)`;
    await client.send(
      new UpdateCommand({
        TableName: env.USERS_TABLE,
        Key: { id: tallest.id },
        UpdateExpression: 'SET removedBy = :key',
        ConditionExpression: 'heightCm = :height AND (attribute_not_exists(removedBy) OR removedBy = :key)',
        ExpressionAttributeValues: { ':key': idempotencyKey, ':height': tallest.heightCm },
      }),
    );
    logger.info('removed a user', { user: tallest.id });
    return `removed 1 user (${tallest.heightCm} cm)`;
  },
});

function tallestOf(users: readonly User[]): User | undefined {
  return users.reduce<User | undefined>(
    (tallest, user) => (tallest === undefined || user.heightCm > tallest.heightCm ? user : tallest),
    undefined,
  );
}
