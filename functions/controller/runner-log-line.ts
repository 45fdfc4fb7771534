import type { LogLine } from './requests.ts';

/** A line of the runner's logger; of a task, or of the runner before and between tasks. */
export interface RunnerLogLine extends LogLine {
  /** As the task's file has it. */
  readonly version?: string;
}

const OWN_FIELDS = new Set([
  ...['level', 'message', 'timestamp', 'service', 'sampling_rate'],
  ...['version', 'task', 'run', 'attempt', 'key', 'shard'],
]);
const SPLIT_FIELDS = new Set(['key', 'shard']);

/** Reads one JSON line of the runner's logger; undefined for what anything else has written. */
export function parseRunnerLine(text: string): RunnerLogLine | undefined {
  const fields = parseObject(text);
  if (fields === undefined) return undefined;
  const { timestamp, level, message, version, task, run, attempt, key, shard } = fields;
  if (typeof timestamp !== 'string' || typeof level !== 'string' || typeof message !== 'string') {
    return undefined;
  }
  const extra = Object.entries(fields).filter(([name, value]) => !isOwn(name, value));
  return {
    at: timestamp,
    level,
    message: extra.length === 0 ? message : `${message} ${JSON.stringify(Object.fromEntries(extra))}`,
    ...(typeof version === 'string' && { version }),
    ...(typeof task === 'string' && { task }),
    ...(typeof run === 'string' && { run }),
    ...(typeof attempt === 'number' && { attempt }),
    ...(typeof key === 'string' && { key }),
    ...(typeof shard === 'string' && { shard }),
  };
}

/** A task that is not split may well log a `key` or a `shard` of its own. */
function isOwn(name: string, value: unknown): boolean {
  return OWN_FIELDS.has(name) && (typeof value === 'string' || !SPLIT_FIELDS.has(name));
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
