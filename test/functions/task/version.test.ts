import { describe, expect, it } from 'vitest';
import { compareVersions, versionKey } from '../../../functions/task/version.ts';

describe('versions', () => {
  it.each([
    ['007', '7'],
    ['7', '7'],
    ['000', '0'],
    ['20260105093000', '20260105093000'],
  ])('%s has the key %s', (version, key) => {
    expect(versionKey(version)).toBe(key);
  });

  it('are ordered by size, also beyond what a Number can hold', () => {
    const ordered = ['0', '007', '10', '20260105093000', '90071992547409930', '90071992547409931'];

    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
    expect(compareVersions('07', '7')).toBe(0);
  });
});
