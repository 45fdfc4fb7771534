import type * as v from 'valibot';
import { READ_REQUESTS } from '../../functions/controller/read-requests.ts';
import type { requestSchema } from '../../functions/controller/request-schema.ts';
import type { Answers, ControllerAnswer } from '../../functions/controller/requests.ts';
import { isPartyError, PartyError } from '../../functions/errors.ts';

/** A request without what the client adds by itself. */
type Unsigned<Request> = Request extends unknown ? Omit<Request, 'v' | 'by'> : never;
export type PartyRequest = Unsigned<v.InferInput<typeof requestSchema>>;
type AnswerTo<Request extends PartyRequest> = Answers[Request['request']];

/** Whether a request changes nothing, so that the controller's read-only alias takes it. */
export function isRead(request: { readonly request: string }): boolean {
  return READ_REQUESTS.has(request.request);
}

/** How a controller is reached: by Lambda, or within this process. */
export interface Connection {
  /** The flags that lead to this party, for the commands that a person is shown; empty, or with a space in front. */
  readonly flags: string;
  /** Whether runs go on after this process has ended. */
  readonly runsGoOn: boolean;
  /** Whether this process drives the run, so that it ends with it. */
  drives(runId: string): boolean;
  /** Who is asking, for the audit. */
  caller(): Promise<string>;
  /** Sends a request and returns the controller's answer as it is. */
  send(request: object): Promise<unknown>;
  close(): Promise<void>;
}

/** Asks a controller, and turns what it refuses into errors. */
export class PartyClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get flags(): string {
    return this.#connection.flags;
  }

  get runsGoOn(): boolean {
    return this.#connection.runsGoOn;
  }

  /** Whether this process drives the run, so that it ends with it. */
  drives(runId: string): boolean {
    return this.#connection.drives(runId);
  }

  /**
   * Who is asking.
   * @throws PartyError where the credentials do not say it
   */
  caller(): Promise<string> {
    return this.#connection.caller();
  }

  /** @throws PartyError with the code of the refusal, or `bad-answer` */
  async ask<Request extends PartyRequest>(request: Request): Promise<AnswerTo<Request>> {
    const by = isRead(request) ? {} : { by: await this.#connection.caller() };
    const answer = await this.#connection.send({ v: 1, ...request, ...by });
    if (!isAnswer(answer)) {
      throw new PartyError(
        'bad-answer',
        `the controller answered "${request.request}" with something else than an answer: ${excerpt(answer)}`,
        'use the version of after-party that the stack was deployed with, or deploy again with this one',
      );
    }
    if ('ok' in answer) return answer.ok as AnswerTo<Request>;
    throw new PartyError(answer.error.code, answer.error.message, answer.error.resolution);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function isAnswer(answer: unknown): answer is ControllerAnswer<object> {
  if (typeof answer !== 'object' || answer === null || !('v' in answer) || answer.v !== 1) return false;
  if ('ok' in answer) return typeof answer.ok === 'object' && answer.ok !== null;
  const error = 'error' in answer ? answer.error : undefined;
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error &&
    typeof error.message === 'string'
  );
}

function excerpt(answer: unknown): string {
  const text = JSON.stringify(answer) ?? 'nothing';
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

/** Whether the party refused for this reason. */
export function isRefusal(error: unknown, code: string): error is PartyError {
  return isPartyError(error) && error.code === code;
}
