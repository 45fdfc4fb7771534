import { Logger, type LogItem } from '@aws-lambda-powertools/logger';
import type { TaskLogger } from '../task/context.ts';
import type { Redactor } from './redaction.ts';

/** What is on every line of a task. */
export interface LogIdentity {
  readonly version: string;
  readonly task: string;
  readonly run: string;
  readonly attempt: number;
  /** Of a task that is split by keys. */
  readonly key?: string;
  /** Of a task that is split by numbers: `7/64` is the seventh of them. */
  readonly shard?: string;
}

const KEPT_LINES = 20;
const LONGEST_KEPT_LINE = 500;

/** A task's log: JSON lines, of which the last are kept for the record of a failure. */
export class TaskLog extends Logger implements TaskLogger {
  // Powertools may print while it is being constructed, before there is anything to set here.
  declare private readonly identity: LogIdentity | undefined;
  declare private readonly redactor: Redactor;
  declare private readonly recent: string[];
  declare private readonly print: (line: string) => void;

  constructor(identity: LogIdentity, redactor: Redactor, print: (line: string) => void = printToStdout) {
    super({ serviceName: 'after-party' });
    this.identity = identity;
    this.redactor = redactor;
    this.recent = [];
    this.print = print;
  }

  /** The last lines as people read them. */
  lastLines(): string[] {
    return this.recent.map((line) => readable(line, this.identity));
  }

  protected override printLog(level: number, item: LogItem): void {
    if (this.identity === undefined) {
      super.printLog(level, item);
      return;
    }
    item.prepareForPrint();
    const { sampling_rate: _, ...fields } = item.getAttributes();
    // The identity comes last, so that no field of a task's own takes its place.
    const attributes = { ...fields, ...this.identity };
    const line = this.redactor.redactJson(JSON.stringify(attributes, this.getJsonReplacer()));
    this.print(line);
    this.recent.push(line);
    if (this.recent.length > KEPT_LINES) this.recent.shift();
  }
}

function printToStdout(line: string): void {
  process.stdout.write(`${line}\n`);
}

const COMMON_FIELDS = new Set(['level', 'message', 'timestamp', 'service', 'xray_trace_id']);

function readable(line: string, identity: object = {}): string {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const own = Object.entries(fields).filter(([name]) => !COMMON_FIELDS.has(name) && !(name in identity));
  const extra = own.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(own))}`;
  const text = `${fields.timestamp} ${fields.level} ${fields.message}${extra}`;
  return text.length <= LONGEST_KEPT_LINE ? text : `${text.slice(0, LONGEST_KEPT_LINE - 1)}…`;
}
