/** A line of the table; ratios are the median of the rounds' own. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly peer: string;
  readonly ratio?: number;
  /** The ratio that is aimed at, at most. */
  readonly aim?: number;
  /** The ratio that is aimed at, at least. */
  readonly aimAtLeast?: number;
}

/** Measures both in turn, after one round that does not count, and takes the medians. */
export async function compare(
  rounds: number,
  subject: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<{ subject: number; peer: number; ratio: number }> {
  const measured: { subject: number; peer: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    // Whoever comes second finds warmer caches.
    const isFirst = round % 2 === 0;
    const before = isFirst ? await subject() : undefined;
    const peers = await peer();
    measured.push({ subject: before ?? (await subject()), peer: peers });
  }
  const counted = measured.slice(1);
  return {
    subject: median(counted.map((each) => each.subject)),
    peer: median(counted.map((each) => each.peer)),
    ratio: median(counted.map((each) => each.subject / each.peer)),
  };
}

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

export function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(0)} ms`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Hands the rows to the process that prints them. */
export function report(rows: readonly Row[]): void {
  process.send?.(rows);
}
