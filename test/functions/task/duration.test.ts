import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../functions/task/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
  ])('%s has %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '0s', '1.5h', '-1s', '10', '10 m', '10d', '99999999s', '1e3s'])('refuses %o', (text) => {
    expect(() => parseDuration(text)).toThrow(`${JSON.stringify(text)} is no duration`);
  });
});
