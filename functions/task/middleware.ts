import type { KeyContext, ShardContext, TaskContext } from './context.ts';

/** What a middleware sees of one try of a task; middy's request. */
export interface TaskRequest<Added = unknown, Internal = Record<string, unknown>> {
  /** Which task runs: its version, name and attempt. */
  event: { readonly version: string; readonly name: string; readonly attempt: number };
  /**
   * The task's context; what a middleware sets here, the task finds on its own. The Lambda's context is below it.
   * It has no key around `forEach`, which gives the keys.
   */
  context: TaskContext & Partial<KeyContext & ShardContext> & Added;
  response: unknown;
  error: Error | null;
  internal: Internal;
}

/**
 * The shape of a middy middleware, so that the public types do not need middy's own, which are ESM only.
 * Methods, not function properties: their parameters compare both ways, so that a `MiddlewareObj` is assignable.
 */
export interface TaskMiddleware<Added = never, Internal = never> {
  before?(request: TaskRequest<Added, Internal>): unknown;
  after?(request: TaskRequest<Added, Internal>): unknown;
  onError?(request: TaskRequest<Added, Internal>): unknown;
}

/** The fields of a Lambda context, which middy's types add to whatever a middleware sets. */
type LambdaContextField =
  | 'callbackWaitsForEmptyEventLoop'
  | 'functionName'
  | 'functionVersion'
  | 'invokedFunctionArn'
  | 'memoryLimitInMB'
  | 'awsRequestId'
  | 'logGroupName'
  | 'logStreamName'
  | 'identity'
  | 'clientContext'
  | 'tenantId'
  | 'getRemainingTimeInMillis'
  | 'done'
  | 'fail'
  | 'succeed';

/** What one of several middlewares puts on the context, per middleware; contravariant, so that they intersect. */
type Additions<Middleware> =
  Middleware extends TaskMiddleware<infer Added, infer _Internal>
    ? (added: [Added] extends [never] ? unknown : Omit<Added, LambdaContextField | keyof TaskContext>) => void
    : never;

/** What all of a task's middlewares together put on the context. */
export type AddedBy<Middlewares extends readonly TaskMiddleware[]> =
  Additions<Middlewares[number]> extends (added: infer Added) => void ? Added : never;
