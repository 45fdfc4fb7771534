/** What a middleware sees of one execution; middy's request. */
export interface TaskRequest<Added extends object = object> {
  /** Which task runs: its version, name and attempt. */
  event: { readonly version: string; readonly name: string; readonly attempt: number };
  /** The task's context; what a middleware adds here, the task finds on its context. */
  context: Added;
  response: unknown;
  error: Error | null;
  internal: Record<string, unknown>;
}

/** The shape of a middy middleware, so that the public types do not need middy's own, which are ESM only. */
export interface TaskMiddleware<Added extends object = never> {
  before?(request: TaskRequest<Added>): unknown;
  after?(request: TaskRequest<Added>): unknown;
  onError?(request: TaskRequest<Added>): unknown;
}
