#!/usr/bin/env node
import { AfterParty } from 'after-party';
import { App, aws_dynamodb as dynamodb, aws_iam as iam, Stack } from 'aws-cdk-lib';

// What is deployed with something else comes in by name: from the context in cdk.json, or with -c name=value.
const app = new App();
const environment = text('environment');
const name = text('stack') ?? 'tasks';
const tables = json<Record<string, string>>('tables', {});
const variables = json<Record<string, string>>('variables', {});
const operators = json<string[]>('operators', []);

const stack = new Stack(app, environment === undefined ? name : `${name}-${environment}`);
const party = new AfterParty(stack, 'Tasks', {
  environment: { ...tables, ...variables },
  ...(environment === undefined ? {} : { environmentName: environment }),
});

for (const [variable, tableName] of Object.entries(tables)) {
  dynamodb.TableV2.fromTableAttributes(stack, variable, { tableName, grantIndexPermissions: true })
    // What else the tasks may do is granted to the party in the same way.
    .grantReadWriteData(party);
}
for (const roleName of operators) {
  party.grantOperate(iam.Role.fromRoleName(stack, `Operator ${roleName}`, roleName));
}

function text(key: string): string | undefined {
  const value: unknown = app.node.tryGetContext(key);
  return value === undefined || value === '' ? undefined : String(value);
}

/** A value of the context; with -c it is JSON text. */
function json<T>(key: string, otherwise: T): T {
  const value: unknown = app.node.tryGetContext(key) ?? otherwise;
  if (typeof value !== 'string') return value as T;
  try {
    return JSON.parse(value) as T;
  } catch (cause) {
    throw new Error(`-c ${key}=${value} is no JSON: expected a value such as ${JSON.stringify(otherwise)}`, {
      cause,
    });
  }
}
