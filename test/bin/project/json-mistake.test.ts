import { expect, it } from 'vitest';
import { jsonMistake } from '../../../bin/project/json-mistake.ts';
import fc from '../../fast-check.ts';

it.each([
  ['', 'line 1, column 1, where it ends: expected a value'],
  ['{"a": x}', 'line 1, column 7: expected a value'],
  ["{'a': 1}", 'line 1, column 2: expected a name in double quotes or }'],
  ['{"a" 1}', 'line 1, column 6: expected :'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: expected , or }'],
  ['{"a": 1,}', 'line 1, column 9: expected a name in double quotes'],
  ['[1,]', 'line 1, column 4: expected a value'],
  ['[1 2]', 'line 1, column 4: expected , or ]'],
  ['{"a": [1}', 'line 1, column 9: expected , or ]'],
  ['{\n  "a": tru\n}', 'line 2, column 8: expected a value'],
  ['{"a": 01}', 'line 1, column 7: expected a value'],
  ['{} {}', 'line 1, column 4: expected nothing more'],
  ['{"a": "b', 'line 1, column 7: the text that begins here has no end, '],
  ['{"a": "\\x"}', 'line 1, column 7: the text that begins here has no end, or holds a line break'],
])('says where %j stops being JSON', (text, mistake) => {
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
  expect(jsonMistake(text)).toContain(mistake);
});

it('agrees with the parser on what is right, and never quotes the text', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('', '}', ',', ':', '"', 'secret'), (json, at, junk) => {
      const text = `${json.slice(0, at % (json.length + 1))}${junk}`;
      const mistake = jsonMistake(text);
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      expect(/where it ends: expected nothing more$/.test(mistake)).toBe(isJson);
      expect(mistake).not.toContain('secret');
    }),
    { numRuns: 2000 },
  );
});
