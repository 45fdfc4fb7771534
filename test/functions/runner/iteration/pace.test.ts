import { describe, expect, it } from 'vitest';
import { Pace } from '../../../../functions/runner/iteration/pace.ts';
import fc from '../../../fast-check.ts';

/** A pace on a clock of its own. */
function paceAt(rate: number | undefined) {
  const clock = { now: 1_000_000, rate };
  return {
    clock,
    pace: new Pace(
      () => clock.rate,
      () => clock.now,
    ),
  };
}

describe('Pace', () => {
  it('lets the first items go at once and holds the next back', () => {
    const { pace, clock } = paceAt(4);

    expect(pace.wait).toBe(0);
    pace.take(2);
    expect(pace.wait).toBe(500);
    clock.now += 200;
    expect(pace.wait).toBe(300);
    clock.now += 300;
    expect(pace.wait).toBe(0);
  });

  it('without a rate holds nothing back', () => {
    const { pace } = paceAt(undefined);
    expect(pace.wait).toBe(0);
    pace.take(1_000_000);
    expect(pace.wait).toBe(0);
  });

  it('takes what is owed over to another rate', () => {
    const { pace, clock } = paceAt(1);
    expect(pace.wait).toBe(0);
    pace.take(10);
    clock.now += 5_000;

    clock.rate = 10;
    expect(pace.wait).toBe(500);
    clock.rate = 0.5;
    expect(pace.wait).toBe(10_000);
    clock.rate = undefined;
    expect(pace.wait).toBe(0);
  });

  it('makes up for a late timer, but not for a long rest', () => {
    const { pace, clock } = paceAt(10);
    expect(pace.wait).toBe(0);
    pace.take(1);
    clock.now += 3_600_000;

    let taken = 0;
    while (pace.wait === 0) {
      pace.take(1);
      taken += 1;
    }

    expect(taken).toBe(11);
  });

  it('keeps to its rate on average, whatever the batches and however late its timers', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 5_000, noNaN: true }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 900 })), {
          minLength: 20,
          maxLength: 200,
        }),
        (rate, steps) => {
          const { pace, clock } = paceAt(rate);
          const start = clock.now;
          let taken = 0;
          let last = 0;
          for (const [items, late] of steps) {
            const { wait } = pace;
            // A timer is late only if it was set.
            if (wait > 0) clock.now += Math.ceil(wait) + late;
            pace.take(items);
            taken += items;
            last = items;
          }
          const seconds = (clock.now - start) / 1_000;
          // Never ahead of the rate but for the last batch, and behind it by no more than the last late timer.
          expect(taken - last).toBeLessThanOrEqual(rate * seconds + 1e-6);
          expect(taken).toBeGreaterThanOrEqual(rate * (seconds - 0.902) - 1e-6);
        },
      ),
    );
  });
});
