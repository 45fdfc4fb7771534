import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as v from 'valibot';
import { retryAccessDenied } from '../access-denied.ts';
import type { RunnerLogs } from './ports.ts';
import type { LogLine } from './requests.ts';

const PAGE = 500;
/** `tail` looks no further back than an invocation can have lasted. */
const TAIL_WINDOW_MS = 20 * 60_000;

/** The runner's log group in CloudWatch, whose lines are JSON with the task's version and run on each. */
export function cloudWatchLogs(logGroupName: string): RunnerLogs {
  const client = new CloudWatchLogsClient();
  const filter = async (
    pattern: string,
    since: number | undefined,
    token?: string,
  ): Promise<{ lines: LogLine[]; next: string | undefined }> => {
    const command = new FilterLogEventsCommand({
      logGroupName,
      filterPattern: pattern,
      limit: PAGE,
      ...(since === undefined ? {} : { startTime: since }),
      ...(token === undefined ? {} : { nextToken: token }),
    });
    const { events, nextToken } = await retryAccessDenied(() => client.send(command));
    const lines = (events ?? []).flatMap(({ message, timestamp }) =>
      parseLine(message ?? '', timestamp ?? 0),
    );
    return { lines, next: nextToken };
  };
  return {
    async read({ version, since, token }) {
      const from = since === undefined ? undefined : Date.parse(since);
      const { lines, next } = await filter(`{ $.version = "${version}" }`, from, token);
      return { lines: lines.filter(({ task }) => task !== undefined), token: next ?? null };
    },
    async tail({ version, runId, limit }) {
      const found: LogLine[] = [];
      let token: string | undefined;
      do {
        const page = await filter(
          `{ ($.version = "${version}") && ($.run = "${runId}") }`,
          Date.now() - TAIL_WINDOW_MS,
          token,
        );
        found.push(...page.lines);
        token = page.next;
      } while (token !== undefined);
      return found.slice(-limit);
    },
  };
}

const lineSchema = v.object({
  timestamp: v.optional(v.string()),
  level: v.string(),
  message: v.string(),
  task: v.optional(v.string()),
  run: v.optional(v.string()),
  attempt: v.optional(v.number()),
});

/** One of the runner's own lines; what else writes to the group, Lambda's platform say, is none. */
export function parseLine(text: string, timestamp: number): LogLine[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const parsed = v.safeParse(lineSchema, json);
  if (!parsed.success) return [];
  const { timestamp: at, task, run, attempt, level, message } = parsed.output;
  return [
    {
      at: at ?? new Date(timestamp).toISOString(),
      level,
      message,
      ...(task === undefined ? {} : { task }),
      ...(run === undefined ? {} : { run }),
      ...(attempt === undefined ? {} : { attempt }),
    },
  ];
}
