/** The sentences that people read in the DynamoDB console. */

export function claimed(now: string, by: string, leaseUntil: string): string {
  return `running since ${minute(now)}, by ${by}; if it has not ended by ${minute(leaseUntil)}, it broke off`;
}

export function progressing(
  now: string,
  attempt: number,
  progress: { done: number; total?: number | undefined } | undefined,
): string {
  if (progress === undefined) return `running (attempt ${attempt}): cursor saved at ${minute(now)}`;
  const about = progress.total === undefined ? '' : ` of about ${progress.total}`;
  return `running (attempt ${attempt}): ${progress.done} items${about} by ${minute(now)}`;
}

export function fannedOut(now: string, { count, of }: { count: number; of: string }): string {
  return `split into ${count} ${count === 1 ? of.slice(0, -1) : of}, which are being executed since ${minute(now)}`;
}

export function ended(state: string, now: string, attempt: number, detail: string | undefined): string {
  return `${state} at ${minute(now)} (attempt ${attempt})${detail === undefined ? '' : `: ${oneLine(detail)}`}`;
}

export function corrected(what: string, now: string, by: string, reason: string | undefined): string {
  return `${what} at ${minute(now)} by ${by}${reason === undefined ? '' : `: ${oneLine(reason)}`}`;
}

/** A time as people read it, in UTC. */
export function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** The first line of a text, at most 300 characters. */
export function oneLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}
