/** Lambda answers with at most 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LIMIT_BYTES = 5_000_000;

/** As many of the first as fit into an answer; the rest is to be asked on. */
export function fitting<T>(entries: readonly T[]): T[] {
  let bytes = 0;
  const end = entries.findIndex((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return bytes > LIMIT_BYTES;
  });
  return entries.slice(0, end === -1 ? undefined : end);
}
