import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  paginateGetExecutionHistory,
  paginateListExecutions,
  paginateListStateMachines,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';

/** A part of every URL to which MiniStack wants an answer. */
export const RESPONSE_URL = '/_ministack/cfn-response/';

/** Looks behind the scenes at what a deploy left, past the product. */
export class DeployedStack {
  readonly name: string;
  readonly #aws = {
    endpoint: inject('endpoint'),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  readonly #stacks = new CloudFormationClient(this.#aws);
  readonly #logs = new CloudWatchLogsClient(this.#aws);
  readonly #workflows = new SFNClient(this.#aws);
  readonly #tables = new DynamoDBClient(this.#aws);
  readonly documents = DynamoDBDocumentClient.from(this.#tables);

  constructor(name: string) {
    this.name = name;
  }

  async status(): Promise<string | undefined> {
    return (await this.#describe())?.StackStatus;
  }

  /** What the tasks wrote down, in the order in which they did; nothing before the first deploy. */
  async journal(): Promise<string[]> {
    const TableName = (await this.tableNames()).find((name) => name.includes('Journal'));
    if (TableName === undefined) return [];
    const { Item } = await this.documents.send(
      new GetCommand({ TableName, Key: { id: 'journal' }, ConsistentRead: true }),
    );
    return Item?.lines ?? [];
  }

  /** The party's table, which it named itself. */
  async ledger(): Promise<string> {
    const name = (await this.tableNames()).find((each) => !each.includes('Journal'));
    if (name === undefined) throw new Error(`${this.name} has no ledger`);
    return name;
  }

  async tableNames(): Promise<string[]> {
    const { TableNames } = await this.#tables.send(new ListTablesCommand({}));
    return (TableNames ?? []).filter((name) => name.startsWith(`${this.name}-`));
  }

  async items(TableName: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    for await (const page of paginateScan({ client: this.documents }, { TableName, ConsistentRead: true })) {
      items.push(...(page.Items ?? []));
    }
    return items;
  }

  /** Every line in the log groups of the stack. */
  async logLines(): Promise<string[]> {
    const lines: string[] = [];
    for await (const groups of paginateDescribeLogGroups({ client: this.#logs }, {})) {
      for (const { logGroupName } of groups.logGroups ?? []) {
        if (!logGroupName?.includes(this.name)) continue;
        for await (const page of paginateFilterLogEvents({ client: this.#logs }, { logGroupName })) {
          lines.push(...(page.events ?? []).map(({ message }) => message ?? ''));
        }
      }
    }
    return lines;
  }

  /** The inputs, outputs and histories of all executions of the stack's workflows, as JSON. */
  async executions(): Promise<string[]> {
    const id = (await this.#describe())?.StackId?.split('/').at(2);
    if (id === undefined) throw new Error(`${this.name} has no id`);
    const client = this.#workflows;
    const executions: string[] = [];
    for await (const machines of paginateListStateMachines({ client }, {})) {
      for (const { name, stateMachineArn } of machines.stateMachines ?? []) {
        if (!name?.startsWith(id)) continue;
        for await (const page of paginateListExecutions({ client }, { stateMachineArn })) {
          for (const { executionArn } of page.executions ?? []) {
            executions.push(await this.#execution(executionArn));
          }
        }
      }
    }
    return executions;
  }

  async #execution(executionArn: string | undefined): Promise<string> {
    const client = this.#workflows;
    const described = await client.send(new DescribeExecutionCommand({ executionArn }));
    const events: unknown[] = [];
    for await (const page of paginateGetExecutionHistory({ client }, { executionArn })) {
      events.push(...(page.events ?? []));
    }
    return JSON.stringify([described, events]);
  }

  async #describe(): Promise<Stack | undefined> {
    const { Stacks } = await this.#stacks.send(new DescribeStacksCommand({ StackName: this.name }));
    return Stacks?.[0];
  }
}
