import { describe, expect, it } from 'vitest';
import { counted, cut, cutBytes, oneParagraph, span } from '../../../functions/controller/text.ts';

describe('one paragraph', () => {
  it('joins lines and spaces', () => {
    expect(oneParagraph('  a\n\n  b\tc ', 20)).toBe('a b c');
  });

  it('leaves out colours and control characters', () => {
    expect(oneParagraph('\u001b[31mred\u001b[0m\u0007 alert\u0000', 20)).toBe('red alert');
  });

  it('is cut by characters, never within one', () => {
    expect(oneParagraph('💥'.repeat(10), 4)).toBe('💥💥💥…');
    expect(cut('abcd', 4)).toBe('abcd');
    expect(cut('abcde', 4)).toBe('abc…');
  });
});

describe('cut to bytes', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'ab…'],
    ['äöü', 6, 'äöü'],
    ['äöü', 5, 'ä…'],
    ['💥💥', 7, '💥…'],
  ])('%s to %i', (text, bytes, expected) => {
    expect(cutBytes(text, bytes)).toBe(expected);
    expect(Buffer.byteLength(expected)).toBeLessThanOrEqual(bytes);
  });
});

describe('numbers', () => {
  it.each([
    [0, 'task', '0 tasks'],
    [1, 'task', '1 task'],
    [12_041, 'item', '12,041 items'],
  ])('%i %s', (count, noun, expected) => {
    expect(counted(count, noun)).toBe(expected);
  });

  it.each([
    [0, '0.0 s'],
    [420, '0.4 s'],
    [12_000, '12 s'],
    [59_600, '1m 00s'],
    [184_000, '3m 04s'],
    [3_600_000, '1h 00m'],
    [(43 * 60 + 5) * 60_000, '1d 19h'],
  ])('%i ms', (milliseconds, expected) => {
    expect(span(milliseconds)).toBe(expected);
  });
});
