import { backgroundRunId } from '../../../functions/controller/background.ts';
import type { ControllerPorts, StackStatus } from '../../../functions/controller/ports.ts';
import { Ledger, LedgerTable, type RunRecord, type Written } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { DecideMessage, Decision } from '../../../functions/workflow-messages.ts';
import { startLoopbackServer } from '../../loopback-server.ts';
import { at, type TestTable } from '../ledger/open-ledger.ts';
import { config, deployed, manifestOf, RUN, runOf, TestParty } from './party.ts';

type State = DecideMessage['state'];

export const MAIL: ManifestTask = deployed('1', { name: 'mail', background: true });
export const BACKFILL: ManifestTask = deployed('2', { name: 'backfill', background: true });
export const MAIL_RUN: string = backgroundRunId(RUN, '1');
export const BACKFILL_RUN: string = backgroundRunId(RUN, '2');
export const END = { action: 'end' };

/** A deploy of background tasks whose stack is scripted. */
export class CommittingParty extends TestParty {
  stack: StackStatus | Error = stackIn('UPDATE_IN_PROGRESS');
  readonly running = new Set<string>();

  static async deploying(
    table: TestTable,
    tasks: ManifestTask[],
    ports: Partial<ControllerPorts> = {},
  ): Promise<CommittingParty> {
    const party = new CommittingParty(table, manifestOf(...tasks), {
      stacks: {
        describe: async () => {
          if (party.stack instanceof Error) throw party.stack;
          return party.stack;
        },
      },
      workflow: {
        check: async () => undefined,
        start: async (runId) => {
          party.started.push(runId);
          party.running.add(runId);
          return 'started';
        },
        isRunning: async (runId) => party.running.has(runId),
      },
      ...ports,
    });
    await party.accept(RUN);
    return party;
  }

  /** A deploy that was answered, and waits for its commit. */
  static async waiting(table: TestTable, tasks: ManifestTask[] = [MAIL, BACKFILL]): Promise<CommittingParty> {
    const party = await CommittingParty.deploying(table, tasks);
    await party.decide();
    return party;
  }

  accept(runId: string): Promise<void> {
    const fields = { runId, state: 'accepted', requestType: 'Update', deployId: 'd1' } as const;
    return this.ledger.runs.accept({
      ...runOf([], { ...fields, deadline: at(1_800) }),
      selection: undefined,
    });
  }

  decide(runId = RUN, state: Partial<State> = {}): Promise<Decision> {
    return this.send({ v: 1, request: 'decide', state: { v: 1, runId, ...state } }) as Promise<Decision>;
  }

  run(runId = RUN): Promise<RunRecord> {
    return this.ledger.runs.require(runId);
  }

  /** Has a run execute a slice of a task, which is interrupted then. */
  async slice(version: string, runId: string): Promise<void> {
    const claim = await this.claim(version, runId);
    const progress = { done: 43, total: 100 };
    await this.ledger.tasks.finish(claim, { state: 'interrupted', cursor: 43, progress }, at(50));
  }
}

export function stackIn(rootStatus: string, own = rootStatus): StackStatus {
  return { status: own, rootStatus };
}

/** CloudFormation deletes the stack. */
export async function deleted(
  table: TestTable,
  party: CommittingParty,
  ledger: Ledger = party.ledger,
): Promise<void> {
  const server = await startLoopbackServer(() => 200);
  const event = {
    RequestType: 'Delete',
    ResponseURL: `${server.url}/answer`,
    StackId: config.stackId,
    RequestId: 'delete',
    LogicalResourceId: 'TasksRun',
    ResourceType: 'Custom::AfterParty',
    PhysicalResourceId: 'Shop-prod-TasksController',
    ResourceProperties: {},
  };
  const emulated = { ...party.ports, ledger, config: { ...config, endpointUrl: server.url } };
  await new TestParty(table, party.ports.manifest, emulated).send(event);
  await server.stop();
}

/** The party's ledger, where something happens before each write. */
export function interrupted(table: TestTable, party: TestParty, happens: () => Promise<void>): Ledger {
  class InterruptedTable extends LedgerTable {
    override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
      await happens();
      return super.write(site, command);
    }
  }
  return new Ledger(new InterruptedTable(table.client, 'ledger', party.ledger.id));
}
