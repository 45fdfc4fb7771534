import { inspect } from 'node:util';

/** Shorter values occur in unrelated words and numbers, which would be blanked too. */
const SHORTEST = 4;

/** Blanks the values of secret params out of whatever people or logs are shown. */
export class Redactor {
  #secrets: string[] = [];

  /** Hides the named params, to their leaves. */
  hide(params: unknown, names: Iterable<string>): void {
    if (typeof params !== 'object' || params === null) return;
    const secrets = new Set(this.#secrets);
    for (const name of names) {
      for (const text of leaves(Reflect.get(params, name))) {
        // What `console` shows of an object has each line of a text by itself.
        for (const part of [text, ...text.split('\n')]) {
          if (part.length < SHORTEST) continue;
          // As it is, within JSON, as `console` quotes it, and within a URL.
          secrets.add(part).add(JSON.stringify(part).slice(1, -1)).add(inspect(part).slice(1, -1));
          secrets.add(encodeURIComponent(part.toWellFormed()));
        }
      }
    }
    this.#secrets = [...secrets].sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let shown = text;
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, '[redacted]');
    return shown;
  }

  /** The same in a JSON text, which stays one. */
  redactJson(json: string): string {
    if (this.#secrets.length === 0) return json;
    return JSON.stringify(JSON.parse(json, (_name, value: unknown) => this.#redactValue(value)));
  }

  #redactValue(value: unknown): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (typeof value === 'number') {
      const text = this.redact(String(value));
      return text === String(value) ? value : text;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [this.redact(name), part]));
  }
}

function* leaves(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'number' || typeof value === 'bigint') yield String(value);
  else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) yield* leaves(part);
  }
}
