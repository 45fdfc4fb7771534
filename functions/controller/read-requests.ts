/** The alias of the controller on which nothing can be changed. */
export const STATUS_ALIAS = 'status';

/** Requests that change nothing: the alias for status answers them too. */
export const READ_REQUESTS: ReadonlySet<string> = new Set([
  ...['status', 'plan', 'show', 'children', 'history'],
  ...['show-run', 'watch', 'logs'],
]);
