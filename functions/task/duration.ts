const UNITS = { s: 1, m: 60, h: 3600 } as const;

/** A time span such as `'90s'`, `'10m'` or `'1h'`. */
export type Duration = `${number}${keyof typeof UNITS}`;

/**
 * The seconds in a duration.
 * @throws TypeError unless it is a positive whole number followed by `s`, `m` or `h`
 */
export function parseDuration(text: string): number {
  const match = /^([1-9]\d{0,6})([smh])$/.exec(text);
  if (match === null) {
    throw new TypeError(
      `${JSON.stringify(text)} is no duration: write a whole number and s, m or h, as in '90s'`,
    );
  }
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
