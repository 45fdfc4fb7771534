import { describe, expect, it } from 'vitest';
import { fitting } from '../../../functions/controller/answer-size.ts';

describe('what fits into an answer', () => {
  it('is all where it is little', () => {
    expect(fitting([])).toEqual([]);
    expect(fitting(['a', 'b'])).toEqual(['a', 'b']);
  });

  it('is as many of the first as Lambda can answer with, by their bytes', () => {
    // Three bytes each.
    const entries = Array.from({ length: 10 }, () => '€'.repeat(400_000));
    expect(fitting(entries)).toHaveLength(4);
  });
});
