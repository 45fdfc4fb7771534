import { versionKey } from '../task/version.ts';
import { type PartyRecord, parsePartyRecord } from './records.ts';
import { minute } from './summary.ts';
import type { ItemKey, LedgerTable } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** A deploy that is about to run tasks. */
export interface BeginningDeploy {
  readonly runId: string;
  readonly deployId: string | undefined;
  readonly newEnvironment: boolean;
  /** Versions to record as baselined; none after the party's first deploy. */
  readonly baseline: readonly string[];
  readonly now: string;
}

/** The party's own record: whether its environment began with it, and its last deploy. */
export class PartyRecords {
  readonly #table: LedgerTable;

  constructor(table: LedgerTable) {
    this.#table = table;
  }

  /** @throws PartyError `damaged-record` */
  async get(): Promise<PartyRecord | undefined> {
    const item = await this.#table.get(this.#table.ledgerId, 'party');
    return item === undefined ? undefined : parsePartyRecord(item);
  }

  /** Notes the deploy; what is said of a new environment stays as the first deploy said it. */
  async beginDeploy(deploy: BeginningDeploy): Promise<void> {
    const { runId, deployId, now, baseline } = deploy;
    await this.#table.write(
      'party.begin-deploy',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(),
        set: {
          schema: 1,
          summary: `last deploy began at ${minute(now)}`,
          lastDeploy: { runId, at: now, ...(deployId === undefined ? {} : { deployId }) },
        },
        setIfAbsent: {
          createdAt: now,
          newEnvironment: deploy.newEnvironment,
          // DynamoDB has no empty sets.
          baselined: baseline.length === 0 ? undefined : new Set(baseline.map(versionKey)),
        },
      }),
    );
  }

  /** Makes a baselined task pending again. */
  async forgetBaselined(version: string): Promise<void> {
    await this.#table.write('party.forget-baselined', {
      update: {
        TableName: this.#table.tableName,
        Key: this.#key(),
        UpdateExpression: 'DELETE baselined :versions',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':versions': new Set([versionKey(version)]) },
      },
    });
  }

  #key(): ItemKey {
    return { pk: this.#table.ledgerId, sk: 'party' };
  }
}
