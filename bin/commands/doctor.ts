import { type Check, type CheckState, unknown } from '../doctor/check.ts';
import { partyChecks } from '../doctor/party-checks.ts';
import { projectChecks } from '../doctor/project-checks.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Surroundings } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const MARKS: Readonly<Record<CheckState, string>> = { ok: '✔', wrong: '✖', unknown: '·' };
const NAME_COLUMNS = 11;

/** Looks into all that has to be right before a task can run, and says of each thing that is not what to do. */
export async function doctor(options: PartyOptions, surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings;
  const checks: Check[] = [];
  const show = (check: Check): void => {
    checks.push(check);
    // The runner takes its time: what is known is shown meanwhile.
    if (!terminal.json) terminal.print(check, (safe) => checkLines(safe, terminal));
  };
  for await (const check of projectChecks(options, surroundings)) show(check);
  const isBlocked = options.local === true && checks.some(({ state }) => state === 'wrong');
  if (isBlocked) show(unknown('party', 'not opened: something above is in its way'));
  else for await (const check of partyChecks(options, surroundings)) show(check);
  const ok = checks.every(({ state }) => state !== 'wrong');
  if (terminal.json) terminal.print({ ok, checks }, () => []);
  return ok ? EXIT.ok : EXIT.notStarted;
}

function checkLines({ check, state, message, resolution }: Check, { colours }: Terminal): string[] {
  const paint = { ok: colours.good, wrong: colours.bad, unknown: colours.quiet }[state];
  const [first = '', ...more] = message.split('\n');
  const help = resolution === null ? [] : resolution.split('\n');
  const indent = ' '.repeat(NAME_COLUMNS + 4);
  return [
    `${paint(MARKS[state])} ${check.padEnd(NAME_COLUMNS)}  ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...help.map((line, index) => `${indent}${index === 0 ? '→ ' : '  '}${line}`),
  ];
}
