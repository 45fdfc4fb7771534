import { PartyError } from '../../functions/errors.ts';
import { nearestWord } from '../../functions/task/nearest-word.ts';

/** What a template's placeholders stand for. */
export interface TemplateValues {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Lines for `defineTask`, without their indent. */
  readonly options: readonly string[];
}

/** A template's text, with the path that people know it by. */
export interface TemplateText {
  readonly text: string;
  readonly shownAs: string;
}

const OPTIONS_LINE = /^([ \t]*)\/\/[ \t]*\{\{\s*options\s*\}\}[ \t]*\r?\n/gm;
/** A text that is nothing but a placeholder, or a placeholder anywhere else. */
const PLACEHOLDER = /(['"`])\{\{\s*([\w-]+)\s*\}\}\1|\{\{\s*([\w-]+)\s*\}\}/g;
const KNOWN = ['name', 'version', 'description'] as const;

/**
 * Puts the values in place of `{{name}}`, `{{version}}`, `{{description}}` and, on a line of its own, `// {{options}}`.
 * @throws PartyError `unknown-placeholder`, naming the line
 */
export function fillIn({ text, shownAs }: TemplateText, values: TemplateValues): string {
  const withOptions = text.replace(OPTIONS_LINE, (_, indent: string) =>
    values.options.map((line) => `${indent}${line}\n`).join(''),
  );
  refuseUnknown(text, shownAs);
  return withOptions.replace(
    PLACEHOLDER,
    (
      _,
      quote: string | undefined,
      whole: keyof TemplateValues,
      part: keyof TemplateValues,
      offset: number,
    ) => {
      const value = String(values[whole ?? part]);
      if (quote !== undefined) return literal(value, quote);
      return isInComment(withOptions, offset) ? commentText(value) : escaped(value, /['"`]/g);
    },
  );
}

/** Whether a template has a place for what flags say of the task. */
export function takesOptions({ text }: TemplateText): boolean {
  return text.search(OPTIONS_LINE) >= 0;
}

function refuseUnknown(text: string, shownAs: string): void {
  const rest = text.replace(OPTIONS_LINE, '\n');
  for (const found of rest.matchAll(PLACEHOLDER)) {
    const name = found[2] ?? found[3] ?? '';
    if ((KNOWN as readonly string[]).includes(name)) continue;
    const line = rest.slice(0, found.index).split('\n').length;
    const nearest = nearestWord(name, KNOWN);
    const guess = nearest === undefined ? '' : `did you mean {{${nearest}}}? `;
    const known = KNOWN.map((each) => `{{${each}}}`).join(', ');
    throw new PartyError(
      'unknown-placeholder',
      `${shownAs}:${line} has the placeholder {{${name}}}, which nothing stands for; nothing was written`,
      `${guess}there are ${known} and, on a line of its own, // {{options}}`,
    );
  }
}

/** The text as a literal in such quotes, whatever it holds. */
function literal(text: string, quote: string): string {
  const special = quote === '`' ? /`|\$(?=\{)/g : new RegExp(quote, 'g');
  return `${quote}${escaped(text, special)}${quote}`;
}

function escaped(text: string, special: RegExp): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replace(special, '\\$&');
}

function isInComment(text: string, offset: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^\s*(\/\/|\/?\*)|\s\/\/\s/.test(before);
}

function commentText(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('*/', '* /');
}
