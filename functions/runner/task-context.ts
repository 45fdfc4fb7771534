import { createHash } from 'node:crypto';
import type { Context as LambdaContext } from 'aws-lambda';
import type { Claim, Ledger, RunRecord } from '../ledger/index.ts';
import type {
  KeyContext,
  RunContext,
  RunSummary,
  ShardContext,
  TaskContext,
  TaskLogger,
} from '../task/context.ts';
import { taskEnvironment } from '../task/env.ts';
import { versionKey } from '../task/version.ts';
import type { RunnerPorts } from './ports.ts';
import type { TaskFile } from './task-file.ts';

/** What one attempt at a task hands to each of its tries. */
export interface ContextSource {
  readonly ports: RunnerPorts;
  readonly lambda: LambdaContext;
  readonly file: TaskFile;
  readonly run: RunRecord;
  readonly claim: Claim;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
  readonly params: unknown;
  /** What a `run` task resumes by. */
  readonly resumption: Pick<RunContext, 'cursor' | 'checkpoint'> | undefined;
}

/** A task's context, with Lambda's below it. */
export type TryContext = TaskContext & LambdaContext;

/**
 * The context for one try. Lambda's own lies below it: middy's middlewares look for it, and the task does not
 * see its fields when it lists or copies the context.
 */
export function createContext(source: ContextSource): TryContext {
  const { ports, file, run, claim, logger, signal, params, resumption } = source;
  const { key, shard } = claim;
  const own: TaskContext & Partial<KeyContext & ShardContext> = {
    version: file.version,
    name: file.name,
    env: taskEnvironment(ports.variables, file.name),
    params,
    environmentName: ports.environmentName,
    deploy: {
      runId: run.runId,
      trigger: run.trigger,
      deployId: run.deployId,
      by: run.by,
      summary: () => summarise(ports.ledger, run),
    },
    ...(key === undefined ? {} : { key }),
    ...(shard === undefined ? {} : { shard }),
    attempt: claim.attempt,
    idempotencyKey: idempotencyKey(ports.ledger.id, claim),
    dryRun: run.dryRun === true,
    signal,
    logger,
    ...resumption,
  };
  return Object.assign(Object.create(source.lambda) as LambdaContext, own);
}

/** One key until the task has succeeded or a person has reset it: from then on its work is new work. */
function idempotencyKey(ledgerId: string, claim: Claim): string {
  const generation = [ledgerId, versionKey(claim.version), claim.succeededAt ?? '', claim.resetAt ?? ''];
  if (claim.plan !== undefined) generation.push(claim.plan, claim.key ?? String(claim.shard?.index));
  return createHash('sha256').update(JSON.stringify(generation)).digest('hex').slice(0, 32);
}

async function summarise(ledger: Ledger, run: RunRecord): Promise<RunSummary> {
  const records = await ledger.tasks.all();
  const tasks = (run.selection ?? []).flatMap(({ version }) => {
    const record = records.get(versionKey(version));
    if (record === undefined || record instanceof Error) return [];
    if (record.lastRun !== run.runId || record.state === 'running') return [];
    const { name, state, result } = record;
    return [{ version, name, state, ...(result === undefined ? {} : { result }) }];
  });
  return {
    tasks,
    succeeded: tasks.filter(({ state }) => state === 'succeeded').length,
    failed: tasks.filter(({ state }) => state === 'failed' || state === 'in-doubt').length,
  };
}
