const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|true\b|false\b|null\b))/uy;

type Expected =
  | 'a value'
  | 'a value or ]'
  | 'a name in double quotes'
  | 'a name in double quotes or }'
  | ':'
  | ', or ]'
  | ', or }'
  | 'nothing more';

/**
 * Where a text stops being JSON, and what would be right there: `line 1, column 7: expected a value`. Nothing of the
 * text is in it, which may hold a secret; the parser's own message quotes it, and often names no place.
 */
export function jsonMistake(text: string): string {
  const open: ('{' | '[')[] = [];
  const afterValue = (): Expected =>
    open.length === 0 ? 'nothing more' : open.at(-1) === '{' ? ', or }' : ', or ]';
  let expected: Expected = 'a value';
  for (let end = 0; ; end = TOKEN.lastIndex) {
    TOKEN.lastIndex = end;
    const [, mark, string, other] = TOKEN.exec(text) ?? [];
    const next = step(expected, mark, string ?? other, string !== undefined);
    if (next === undefined) return mistakeAt(text, end, expected);
    if (mark === '{' || mark === '[') open.push(mark);
    else if (mark === '}' || mark === ']') open.pop();
    expected =
      next === 'after a value'
        ? afterValue()
        : next === 'next'
          ? open.at(-1) === '{'
            ? 'a name in double quotes'
            : 'a value'
          : next;
  }
}

/** What a token leads to; undefined where it is not right here. */
function step(
  expected: Expected,
  mark: string | undefined,
  literal: string | undefined,
  isString: boolean,
): Expected | 'after a value' | 'next' | undefined {
  if (expected.startsWith('a value')) {
    if (mark === '{') return 'a name in double quotes or }';
    if (mark === '[') return 'a value or ]';
    if (literal !== undefined) return 'after a value';
  }
  if (expected.startsWith('a name') && isString) return ':';
  if (expected === ':' && mark === ':') return 'a value';
  if (expected.startsWith(',') && mark === ',') return 'next';
  return mark !== undefined && expected.endsWith(` or ${mark}`) ? 'after a value' : undefined;
}

function mistakeAt(text: string, end: number, expected: Expected): string {
  const offset = end + (/^[ \t\n\r]*/.exec(text.slice(end))?.[0].length ?? 0);
  const lines = text.slice(0, offset).split('\n');
  const place = `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
  if (offset === text.length) return `${place}, where it ends: expected ${expected}`;
  if (text[offset] === '"' && /^a (value|name)/.test(expected))
    return `${place}: the text that begins here has no end, or holds a line break, a tab or an unknown escape`;
  return `${place}: expected ${expected}`;
}
