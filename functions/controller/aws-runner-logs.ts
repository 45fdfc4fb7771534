import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { retryAccessDenied } from '../access-denied.ts';
import type { RunnerLogs } from './ports.ts';
import { parseRunnerLine, type RunnerLogLine } from './runner-log-line.ts';

const PAGE = 500;
/** `tail` looks no further back than an invocation can have lasted. */
const TAIL_WINDOW_MS = 20 * 60_000;

/** The runner's log group in CloudWatch, whose lines are JSON with the task's version and run on each. */
export function cloudWatchLogs(logGroupName: string): RunnerLogs {
  const client = new CloudWatchLogsClient();

  /** A page of a task's lines; checked again here, since emulators do not read the pattern. */
  async function page(query: Query): Promise<{ lines: RunnerLogLine[]; next: string | undefined }> {
    const { version, runId, since, token } = query;
    const ofTask = `$.version = "${version}"`;
    const command = new FilterLogEventsCommand({
      logGroupName,
      filterPattern: runId === undefined ? `{ ${ofTask} }` : `{ (${ofTask}) && ($.run = "${runId}") }`,
      limit: PAGE,
      ...(since === undefined ? {} : { startTime: since }),
      ...(token === undefined ? {} : { nextToken: token }),
    });
    const { events, nextToken } = await retryAccessDenied(() => client.send(command));
    const lines = (events ?? []).flatMap(({ message }) => parseRunnerLine(message ?? '') ?? []);
    return {
      lines: lines.filter((line) => line.version === version && (runId === undefined || line.run === runId)),
      next: nextToken,
    };
  }

  return {
    async read({ version, since, token }) {
      const from = since === undefined ? undefined : Date.parse(since);
      const { lines, next } = await page({ version, since: from, token });
      return { lines, token: next ?? null };
    },
    async tail({ version, runId, limit }) {
      const since = Date.now() - TAIL_WINDOW_MS;
      let found: RunnerLogLine[] = [];
      let token: string | undefined;
      do {
        const { lines, next } = await page({ version, runId, since, token });
        found = [...found, ...lines].slice(-limit);
        token = next;
      } while (token !== undefined);
      return found;
    },
  };
}

interface Query {
  readonly version: string;
  readonly runId?: string;
  readonly since: number | undefined;
  readonly token: string | undefined;
}
