import { Logger } from '@aws-lambda-powertools/logger';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, PutCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import * as v from 'valibot';

/** What the controller imports, and no more. */
const logger = new Logger({ serviceName: 'bench' });
const schema = v.variant('request', [v.object({ request: v.literal('status'), v: v.optional(v.string()) })]);

export const handler = middy(async (event: unknown) => {
  logger.info('called', { event: v.safeParse(schema, event).success });
  return [
    [new CloudFormationClient({}), new DescribeStacksCommand({})],
    [new CloudWatchLogsClient({}), new FilterLogEventsCommand({})],
    [new SFNClient({}), StartExecutionCommand, DescribeExecutionCommand],
    [DynamoDBDocumentClient.from(new DynamoDBClient({})), PutCommand, UpdateCommand, paginateQuery],
  ];
});
