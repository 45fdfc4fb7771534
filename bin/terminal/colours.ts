import { styleText } from 'node:util';

const STYLES = {
  good: 'green',
  bad: 'red',
  busy: 'cyan',
  attention: 'yellow',
  quiet: 'gray',
  strong: 'bold',
} as const;

/** Paints a text; the same text where there is no colour. */
export type Colours = Readonly<Record<keyof typeof STYLES, (text: string) => string>>;

/** Whether to use colour: `--no-color` decides first, then NO_COLOR, then FORCE_COLOR, then whether a terminal reads it. */
export function wantsColour(options: { flag: boolean; env: NodeJS.ProcessEnv; isTty: boolean }): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = options.env;
  // The convention asks for any value that is not empty: https://no-color.org
  if (!options.flag || NO_COLOR !== '') return false;
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return options.isTty && TERM !== 'dumb';
}

export function colours(on: boolean): Colours {
  const paint = (style: keyof typeof STYLES) => (text: string) =>
    on ? styleText(STYLES[style], text, { validateStream: false }) : text;
  return {
    good: paint('good'),
    bad: paint('bad'),
    busy: paint('busy'),
    attention: paint('attention'),
    quiet: paint('quiet'),
    strong: paint('strong'),
  };
}
