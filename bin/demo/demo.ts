import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { failureLines } from '../terminal/failure-lines.ts';
import { Terminal } from '../terminal/terminal.ts';
import { wrapped } from '../terminal/text-width.ts';
import { DemoApp } from './demo-app.ts';
import { OutsideWorld } from './outside-world.ts';
import { openShop } from './shop.ts';
import { tableVariables } from './shop-tables.ts';
import { tellStories } from './stories.ts';

const { stdin, stdout, stderr, env } = process;
const terminal: Terminal = new Terminal({ stdin, stdout, stderr, env }, { json: false, color: true });
try {
  await showDemo(resolve(process.argv[2] ?? join(import.meta.dirname, '../../.after-party/demo')));
} catch (error) {
  for (const line of failureLines(error, terminal.progressColours)) terminal.progress(line);
  process.exitCode = 2;
}

async function showDemo(folder: string): Promise<void> {
  const begun = performance.now();
  const shown = relative(process.cwd(), folder);
  await mkdir(folder, { recursive: true });
  const world = await OutsideWorld.open(join(folder, 'received.jsonl'));
  try {
    print(`${terminal.colours.strong('after-party demo')} · this machine only: no AWS, no credentials`);
    print(`ledger ${shown} · mail, Slack, partner APIs answered by ${world.url}\n`);
    const app = await DemoApp.create(folder, { ...tableVariables, ...world.variables });
    const shop = await openShop(app.ledgerFolder);
    try {
      await tellStories({ app, world, shop }, terminal, print);
    } finally {
      shop.close();
    }
  } finally {
    await world.close();
  }
  const seconds = Math.ceil((performance.now() - begun) / 1000);
  const params = JSON.stringify({ month: '2026-01' });
  printCommands([
    `\n${seconds} s. Look around: cd ${shown} && npx after-party status --local`,
    `Run one by hand: npx after-party invoke recalculate_invoices --local --params '${params}'`,
    'Write one:       npx after-party generate task say_hello && npx after-party dev say_hello',
  ]);
}

/** No line is broken within a word, and those that follow one stand below what it says of its task. */
function print(line: string): void {
  terminal.print(undefined, () => wrapped(line, terminal.width, '    '));
}

/** Broken into lines they could not be pasted. */
function printCommands(lines: readonly string[]): void {
  terminal.print(undefined, () => lines);
}
