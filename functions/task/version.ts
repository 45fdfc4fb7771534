export const LONGEST_VERSION = 38;
/** The digits of a version. */
export const VERSION_PATTERN: RegExp = new RegExp(`^\\d{1,${LONGEST_VERSION}}$`);

/**
 * The ledger's key of a version: its digits without leading zeros, so that `007` and `7` are one task.
 * People are shown the version as its file name has it.
 */
export function versionKey(version: string): string {
  return version.replace(/^0+(?=\d)/, '');
}

/** Orders versions as numbers of any length; a Number would lose digits beyond the 15th. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionKey(a), versionKey(b)];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
