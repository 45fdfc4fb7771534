import { aws_dynamodb as dynamodb, aws_iam as iam, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AfterPartyProps } from './after-party-props.ts';
import { misuse } from './misuse.ts';

/** One party's part of a table. */
export interface LedgerPart {
  readonly table: dynamodb.ITableV2;
  readonly ledgerId: string;
}

/** The table that was given, or a new one. */
export function ledgerTable(scope: Construct, props: AfterPartyProps): dynamodb.ITableV2 {
  if (props.ledger === undefined) return newTable(scope, props);
  if (props.deletionProtection !== undefined) {
    const given = `deletionProtection is ${props.deletionProtection} beside a ledger that is given`;
    throw misuse(scope, `${given}: expected that table to say itself whether it is protected`);
  }
  const definition = props.ledger.node.defaultChild;
  if (definition instanceof dynamodb.CfnGlobalTable) checkKeys(scope, props.ledger, definition);
  return props.ledger;
}

const names = new WeakMap<dynamodb.ITableV2, Map<string, Construct>>();

/**
 * Takes a name in a table for a party.
 * @throws Error where another party of the app has it: each would take the other's records for its own
 */
export function takeLedgerId(scope: Construct, { table, ledgerId }: LedgerPart): void {
  const taken = names.get(table) ?? new Map<string, Construct>();
  const other = taken.get(ledgerId);
  if (other !== undefined) {
    const same = `has the ledgerId ${JSON.stringify(ledgerId)} in the same ledger as ${other.node.path}`;
    throw misuse(scope, `the party ${same}: expected a ledgerId of its own`);
  }
  names.set(table, taken.set(ledgerId, scope));
}

/** Whether the table is made, and could be rolled back, with the party. */
export function madeWith(scope: Construct, table: dynamodb.ITableV2): boolean {
  // What is imported has no resource.
  return table.node.defaultChild !== undefined && Stack.of(table) === Stack.of(scope);
}

/** Reads and writes of the party's own items; the response URLs are the controller's alone. */
export function allowRunner(role: iam.Role, { table, ledgerId }: LedgerPart): void {
  role.addToPolicy(ownItems(table, ledgerId));
  role.addToPolicy(
    new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      actions: ['dynamodb:*'],
      resources: [table.tableArn],
      conditions: { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': [`${ledgerId}#answers`] } },
    }),
  );
  table.encryptionKey?.grantEncryptDecrypt(role);
}

/** As the runner, and what becomes of the response URLs. */
export function allowController(role: iam.Role, { table, ledgerId }: LedgerPart): void {
  role.addToPolicy(ownItems(table, ledgerId));
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['dynamodb:DeleteItem'],
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`${ledgerId}#answers`] } },
    }),
  );
  table.encryptionKey?.grantEncryptDecrypt(role);
}

function ownItems(table: dynamodb.ITableV2, ledgerId: string): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    resources: [table.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [ledgerId, `${ledgerId}#*`] } },
  });
}

function newTable(scope: Construct, props: AfterPartyProps): dynamodb.ITableV2 {
  const table = new dynamodb.TableV2(scope, 'Ledger', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
    billing: dynamodb.Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: 'expiresAt',
    deletionProtection: props.deletionProtection ?? false,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  // The CDK's own declarations do not agree under exactOptionalPropertyTypes.
  return table as dynamodb.ITableV2;
}

function checkKeys(scope: Construct, table: dynamodb.ITableV2, definition: dynamodb.CfnGlobalTable): void {
  const keys: unknown = Stack.of(table).resolve(definition.keySchema);
  const names = Array.isArray(keys) ? keys.map((key: { attributeName?: unknown }) => key.attributeName) : [];
  if (names[0] === 'pk' && names[1] === 'sk') return;
  throw misuse(
    scope,
    `ledger has the keys ${JSON.stringify(names)}: expected a table with ["pk","sk"], both strings`,
  );
}
