import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { Controller } from '../functions/controller/index.ts';
import { Ledger, LedgerTable } from '../functions/ledger/index.ts';
import type { ManifestTask } from '../functions/manifest.ts';
import { runnerFor } from '../functions/runner/runner.ts';
import { defineTask } from '../functions/task/index.ts';
import type { Decision, RunnerReport } from '../functions/workflow-messages.ts';
import { TABLE } from './database.ts';
import { benchController, benchRunnerPorts, invocationContext, STACK_ID } from './functions.ts';

/** No-op tasks with a controller and a runner; CloudFormation's side of a deploy is a server in this process. */
export class BenchParty {
  readonly controller: Controller;
  readonly #run: (work: unknown) => Promise<RunnerReport>;
  readonly #server: Server;
  #started: string | undefined;

  private constructor(client: DynamoDBDocument, ledgerId: string, count: number, server: Server) {
    const tasks = Array.from({ length: count }, (_, index) => noOp(index + 1));
    const ledger = new Ledger(new LedgerTable(client, TABLE, ledgerId));
    this.#server = server;
    this.controller = benchController({
      ledger,
      tasks,
      endpointUrl: this.#url,
      workflow: {
        start: async (runId) => {
          this.#started = runId;
          return 'started';
        },
        isRunning: async () => false,
        check: async () => undefined,
      },
    });
    const task = defineTask({ run: () => undefined });
    const files = tasks.map(({ version, name, file, checksum }) => ({
      ...{ version, name, file, checksum },
      load: async () => ({ default: task }),
    }));
    const handler = runnerFor(() => benchRunnerPorts(files, ledger));
    this.#run = (work) => handler(work, invocationContext()) as Promise<RunnerReport>;
  }

  static async start(client: DynamoDBDocument, ledgerId: string, count: number): Promise<BenchParty> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new BenchParty(client, ledgerId, count, server);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** A deploy from its event to its answer, as the workflow drives it. */
  async deploy(): Promise<void> {
    const url = `${this.#url}/${createHash('sha256').update(randomUUID()).digest('hex')}`;
    await this.#call({
      RequestType: 'Update',
      RequestId: randomUUID(),
      ResponseURL: url,
      StackId: STACK_ID,
      LogicalResourceId: 'Run',
      ResourceProperties: {},
    });
    const runId = this.#started;
    let state: object = { v: 1, runId };
    for (;;) {
      const decision = (await this.#call({ v: 1, request: 'decide', state })) as Decision;
      if (decision.action === 'end') return;
      if (decision.action !== 'run') throw new Error('nothing is to be waited for, nor split');
      const { work } = decision;
      state = { v: 1, runId, work, report: await this.#run(work) };
    }
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #call(event: unknown): Promise<unknown> {
    return this.controller(event, { functionName: 'controller' });
  }
}

function noOp(version: number): ManifestTask {
  return {
    version: String(version),
    name: `task_${version}`,
    file: `${version}_task_${version}.ts`,
    checksum: createHash('sha256').update(String(version)).digest('hex'),
    description: `Task ${version}`,
    when: 'once',
    delivery: 'at-least-once',
    tags: [],
    takesParams: false,
    secretParams: [],
  };
}
