import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import {
  type Claim,
  type ClaimRequest,
  type ClaimResult,
  Ledger,
  LedgerTable,
  type RunRecord,
  type SelectedTask,
  type TaskRecord,
  type Written,
} from '../../../functions/ledger/index.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';

export const RUN = 'a'.repeat(32);
export const OTHER_RUN = 'b'.repeat(32);

const START = Date.parse('2026-11-20T09:15:00.000Z');

/** A moment so many seconds after the tests' beginning of time. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

export function selected(task: Partial<SelectedTask> = {}): SelectedTask {
  return {
    version: '20260126080000',
    name: 'restart_search',
    when: 'once',
    delivery: 'at-least-once',
    onFailure: 'fail-deploy',
    ...task,
  };
}

let tokens = 0;

/** A claim at second 0 whose lease ends at second 60. */
export function request({
  task,
  ...rest
}: Partial<Omit<ClaimRequest, 'task'>> & { task?: Partial<SelectedTask> } = {}): ClaimRequest {
  tokens += 1;
  return {
    task: selected(task),
    runId: RUN,
    asked: false,
    by: 'CloudFormation',
    deployId: 'd1',
    checksum: 'c1',
    token: `token-${tokens}`,
    now: at(0),
    leaseUntil: at(60),
    ...rest,
  };
}

export function accepted(run: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 1,
    runId: RUN,
    trigger: 'deploy',
    by: 'CloudFormation',
    state: 'accepted',
    summary: 'accepted',
    startedAt: at(0),
    ...run,
  };
}

/** The claim, where there must be one. */
export function won(result: ClaimResult): Claim {
  if (result.claimed) return result.claim;
  throw new Error(`the claim was refused: ${JSON.stringify(result.holder)}`);
}

/** A table of the real emulator, in which each test has a ledger of its own. */
export class TestTable {
  readonly #dynalite: Dynalite;
  readonly #tableName: string;
  #ledgers = 0;

  private constructor(dynalite: Dynalite, tableName: string) {
    this.#dynalite = dynalite;
    this.#tableName = tableName;
  }

  static async start(): Promise<TestTable> {
    const dynalite = await startDynalite();
    return new TestTable(dynalite, await dynalite.createTable('ledger'));
  }

  stop(): Promise<void> {
    return this.#dynalite.stop();
  }

  /** An empty ledger. */
  open(client: DynamoDBDocument = this.client): TestLedger {
    this.#ledgers += 1;
    return new TestLedger(
      new LedgerTable(client, this.#tableName, `Shop/Tasks${this.#ledgers}`),
      this.client,
    );
  }

  get client(): DynamoDBDocument {
    return this.#dynalite.client;
  }

  get config(): Dynalite['config'] {
    return this.#dynalite.config;
  }
}

/** A ledger whose items can also be read and written as a person would in the console. */
export class TestLedger extends Ledger {
  readonly #table: LedgerTable;
  readonly #console: DynamoDBDocument;

  constructor(table: LedgerTable, console: DynamoDBDocument) {
    super(table);
    this.#table = table;
    this.#console = console;
  }

  /** The same ledger through a table of which the next write comes after something else. */
  beforeNextWrite(happens: () => Promise<unknown>): Ledger {
    return new Ledger(new OvertakenTable(this.#console, this.#table, happens));
  }

  /** The task's record, where there must be one. */
  async record(version: string = selected().version): Promise<TaskRecord> {
    const record = await this.tasks.get(version);
    if (record === undefined) throw new Error(`no record of ${version}`);
    return record;
  }

  async item(sk: string, pk: string = this.id): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#console.send(
      new GetCommand({ TableName: this.#table.tableName, Key: { pk, sk }, ConsistentRead: true }),
    );
    return Item;
  }

  async edit(sk: string, changes: Record<string, unknown>, pk: string = this.id): Promise<void> {
    const Item = { ...(await this.item(sk, pk)), ...changes, pk, sk };
    await this.#console.send(new PutCommand({ TableName: this.#table.tableName, Item }));
  }
}

class OvertakenTable extends LedgerTable {
  readonly #happens: () => Promise<unknown>;

  constructor(client: DynamoDBDocument, table: LedgerTable, happens: () => Promise<unknown>) {
    super(client, table.tableName, table.ledgerId);
    this.#happens = happens;
  }

  override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
    await this.#happens();
    return super.write(site, command);
  }
}
