import { stripVTControlCharacters } from 'node:util';

// Bidirectional controls too: they make a terminal show text in another order.
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/** Takes out what would steer the terminal instead of being read. */
export function safeText(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n?/g, '\n').replace(CONTROLS, '');
}

/** The same on every string in a document, its keys included. */
export function safeDocument<T>(document: T): T {
  return clean(document) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return safeText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [safeText(key), clean(item)]));
}

/** A document as JSON that shows on a terminal as it is: JSON leaves the controls from 0x7f on unescaped. */
export function jsonText(document: unknown): string {
  const escaped = (control: string) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(document, null, 2).replace(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, escaped);
}

/** The text in one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
