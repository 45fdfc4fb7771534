import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { executionsTable } from '../../functions/local/executions.ts';
import type { Manifest } from '../../functions/manifest.ts';
import { checkTasksLoad } from '../../lib/load-check.ts';
import { bundleTasks } from '../../lib/task-bundle.ts';
import { findTaskFiles } from '../../lib/task-files.ts';
import { type Dynalite, startDynalite } from '../dynalite.ts';
import { ResponseBucket } from './response-bucket.ts';

export const LEDGER_TABLE = 'ledger';
const TASKS = fileURLToPath(new URL('tasks', import.meta.url));

/** What all parties of a test file share. */
export class Region {
  readonly dynalite: Dynalite;
  readonly bucket: ResponseBucket;
  readonly folder: string;
  readonly manifest: Manifest;

  private constructor(dynalite: Dynalite, bucket: ResponseBucket, folder: string, manifest: Manifest) {
    this.dynalite = dynalite;
    this.bucket = bucket;
    this.folder = folder;
    this.manifest = manifest;
  }

  static async start(): Promise<Region> {
    const folder = await mkdtemp(join(tmpdir(), 'protocol-'));
    bundleTasks(TASKS, findTaskFiles(TASKS), { minify: false }, folder);
    const check = {
      bundle: folder,
      folder: TASKS,
      environment: {},
      region: 'us-east-1',
      needsModules: false,
    };
    const manifest = checkTasksLoad(check);
    const dynalite = await startDynalite();
    await dynalite.createTable(LEDGER_TABLE);
    await dynalite.client.send(new CreateTableCommand(executionsTable));
    return new Region(dynalite, await ResponseBucket.start(), folder, manifest);
  }

  async stop(): Promise<void> {
    await Promise.all([this.bucket.stop(), this.dynalite.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
