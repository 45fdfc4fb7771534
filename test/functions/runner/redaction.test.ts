import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../functions/runner/redaction.ts';

const KEY =
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTU\n-----END PRIVATE KEY-----';

describe.each([
  ['a word', 'hunter2-4ever'],
  ['quotes and backslashes', 'a\'b"c\\d`e'],
  ['characters of a URL', 'a b&c=d/é'],
  ['several lines', KEY],
])('a secret of %s', (_, token) => {
  const redactor = new Redactor();
  redactor.hide({ token, tenant: 'acme' }, ['token']);

  it.each([
    ['as it is', (text: string) => `HTTP 401 with ${text}`],
    ['within JSON', (text: string) => JSON.stringify({ nested: [text] })],
    ['within a URL', (text: string) => `https://example.com/?token=${encodeURIComponent(text)}`],
    ['as console shows it', (text: string) => inspect({ nested: { text } })],
  ])('is blanked %s', (_place, place) => {
    const shown = redactor.redact(`acme: ${place(token)}`);
    expect(shown).toContain('acme: ');
    expect(shown).toContain('[redacted]');
    for (const line of token.split('\n')) expect(shown).not.toContain(line);
  });

  it('is blanked in the values and names of a JSON text, which stays one', () => {
    const json = JSON.stringify({ [token]: 1, list: [`x${token}x`], tenant: 'acme' });
    const shown = JSON.parse(redactor.redactJson(json));
    expect(shown).toEqual({ '[redacted]': 1, list: ['x[redacted]x'], tenant: 'acme' });
  });
});

describe('what is no secret', () => {
  it('is shown: other params, and values too short to tell apart', () => {
    const redactor = new Redactor();
    redactor.hide({ pin: 123, tenant: 'acme', nested: { pin: '12345' } }, ['pin', 'nested', 'missing']);
    expect(redactor.redact('acme has 123 of 12345')).toBe('acme has 123 of [redacted]');
  });

  it('is shown where there are no params', () => {
    const redactor = new Redactor();
    redactor.hide(undefined, ['token']);
    expect(redactor.redactJson('{"a": 1}')).toBe('{"a": 1}');
  });
});
