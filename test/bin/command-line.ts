import { PassThrough } from 'node:stream';
import type { PartyOptions } from '../../bin/party/connect.ts';
import { type Connection, PartyClient } from '../../bin/party/party-client.ts';
import { runProgram } from '../../bin/program.ts';
import type {
  ChildStatus,
  LogLine,
  PartyStatus,
  RunStatus,
  SplitStatus,
  TaskDetails,
  TaskStatus,
} from '../../functions/controller/requests.ts';

export const NOW = Date.parse('2026-11-20T09:20:00.000Z');

type Sent = Record<string, unknown> & { request: string };
export type Answer = (request: Sent) => unknown;

export interface CommandLineOptions {
  /** What the party answers, by request; an error is a refusal. */
  readonly answers?: Record<string, Answer>;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether a person sits at the terminal; with the keys that they press. */
  readonly keys?: readonly string[];
  readonly columns?: number;
  readonly runsGoOn?: boolean;
  /** Whether a run on this machine is driven by this process. */
  readonly drives?: boolean;
  readonly now?: () => number;
  /** Of other parties than the one: what they answer, by the flags that name them; an error is why there is none. */
  readonly parties?: (options: PartyOptions) => Record<string, Answer> | Error;
  /** Called with each request; calls `interrupt` for Ctrl-C. */
  readonly watch?: (request: Sent, interrupt: () => void) => void;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly Sent[];
  readonly json: ReturnType<typeof JSON.parse>;
}

/** Runs the program in this process, on streams of its own and a party that answers as told. */
export async function commandLine(argv: readonly string[], options: CommandLineOptions = {}): Promise<Ended> {
  const {
    answers = {},
    cwd = '/nowhere',
    env = {},
    keys,
    columns,
    runsGoOn = true,
    drives = true,
    watch,
  } = options;
  const isTTY = keys !== undefined;
  const stream = () => {
    const through = new PassThrough();
    return Object.assign(through, {
      isTTY,
      ...(columns !== undefined && { columns }),
      setRawMode: () => through,
    });
  };
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const requests: Sent[] = [];
  let listeners: (() => void)[] = [];
  const connectionTo = (answers: Record<string, Answer>): Connection => ({
    flags: ' --stack Shop-prod',
    runsGoOn,
    drives: () => !runsGoOn && drives,
    caller: async () => 'arn:aws:iam::123456789012:user/ann',
    async send(request) {
      const sent = request as Sent;
      requests.push(sent);
      watch?.(sent, () => {
        for (const listener of listeners.splice(0)) listener();
      });
      const answer = answers[sent.request];
      if (answer === undefined) throw new Error(`the test has no answer to ${sent.request}`);
      const ok = answer(sent);
      return ok instanceof Error ? { v: 1, error: { ...ok, message: ok.message } } : { v: 1, ok };
    },
    close: async () => {},
  });
  for (const key of keys ?? []) setTimeout(() => stdin.write(key), 50);
  const code = await runProgram(argv, {
    version: '1.2.3',
    streams: { stdin, stdout, stderr, env },
    cwd,
    now: options.now ?? (() => NOW),
    onInterrupt: (listener) => {
      listeners.push(listener);
      return () => {
        listeners = listeners.filter((one) => one !== listener);
      };
    },
    connect: async (flags) => {
      const found = options.parties?.(flags) ?? answers;
      if (found instanceof Error) throw found;
      return new PartyClient(connectionTo(found));
    },
  });
  const written = (through: PassThrough) => (through.read() as Buffer | null)?.toString() ?? '';
  const out = written(stdout);
  return {
    code,
    stdout: out,
    stderr: written(stderr),
    requests,
    get json() {
      return JSON.parse(out);
    },
  };
}

export function taskStatus(fields: Partial<TaskStatus>): TaskStatus {
  return {
    version: '20260126080000',
    name: 'restart_search',
    description: 'Restart search',
    when: 'once',
    tags: [],
    background: false,
    state: 'pending',
    notes: [],
    attempt: 0,
    lastRun: null,
    startedAt: null,
    finishedAt: null,
    durationMs: null,
    progress: null,
    split: null,
    rate: null,
    result: null,
    error: null,
    reason: null,
    summary: '',
    ...fields,
  };
}

/** 20 keys of which none has begun. */
export function splitStatus(fields: Partial<SplitStatus> = {}): SplitStatus {
  const none = { succeeded: 0, failed: 0, inDoubt: 0, running: 0, left: 0 };
  return { of: 'keys', count: 20, parallel: 10, ...none, ...fields };
}

export function childStatus(fields: Partial<ChildStatus>): ChildStatus {
  const { attempt, lastRun, startedAt, finishedAt, durationMs, progress, result, error, reason } = taskStatus(
    {},
  );
  return {
    ...{ number: 1, key: 'acme', shard: null, state: 'pending' },
    ...{ attempt, lastRun, startedAt, finishedAt, durationMs, progress, result, error, reason },
    ...fields,
  };
}

export function taskDetails(fields: Partial<TaskDetails>): TaskDetails {
  return { ...taskStatus(fields), cursor: null, history: [], logs: [], params: null, ...fields };
}

export function partyStatus(fields: Partial<PartyStatus>): PartyStatus {
  return {
    environment: 'production',
    stack: 'Shop-prod',
    party: 'Tasks',
    account: '123456789012',
    region: 'eu-west-1',
    deployId: null,
    deployedAt: null,
    packageVersion: '1.2.3',
    tasks: [],
    ...fields,
  };
}

export function runStatus(request: Sent, fields: Partial<RunStatus>): RunStatus {
  return {
    runId: String(request.runId),
    state: 'running',
    trigger: 'invoke',
    by: 'arn:aws:iam::123456789012:user/ann',
    outcome: null,
    tasks: [],
    children: [],
    dryRun: false,
    background: [],
    ...fields,
  };
}

export function logLine(fields: Partial<LogLine>): LogLine {
  return { at: '2026-11-20T09:20:01.000Z', level: 'INFO', message: 'hello', ...fields };
}

export function refusal(code: string, message: string, resolution?: string): Error {
  return Object.assign(new Error(message), { code, resolution });
}
