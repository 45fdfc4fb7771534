import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Row } from './rounds.ts';

/** Runs the benchmarks one after the other, each in a process of its own, and prints one table. Asserts nothing. */

const benchmarks =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['tasks', 'status', 'items', 'memory', 'shards', 'synth', 'assets', 'start-up'];

const rows: Row[] = [];
for (const name of benchmarks) {
  console.error(`measuring ${name} …`);
  rows.push(...(await measure(name)));
}
console.log(table(rows));

async function measure(name: string): Promise<Row[]> {
  // What the tasks log would be measured with the terminal's speed.
  const child = fork(join(import.meta.dirname, `${name}.ts`), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const received: Row[] = [];
  child.on('message', (sent) => received.push(...(sent as Row[])));
  const code = await ended(child);
  if (code !== 0) console.error(`${name} ended with exit code ${code}`);
  return received;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}

function table(lines: readonly Row[]): string {
  const cells = lines.map(({ what, measured, peer, ratio, aim, aimAtLeast }) => [
    what,
    measured,
    peer,
    ratio === undefined ? '' : ratio.toFixed(2),
    aim === undefined ? (aimAtLeast === undefined ? '' : `≥ ${aimAtLeast}`) : `≤ ${aim}`,
    ratio === undefined ? '' : verdict(ratio, aim, aimAtLeast),
  ]);
  const head = ['', 'measured', 'against', 'ratio', 'aim', ''];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...cells].map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdict(ratio: number, most: number | undefined, least: number | undefined): string {
  if (most === undefined && least === undefined) return '';
  return ratio <= (most ?? ratio) && ratio >= (least ?? ratio) ? 'met' : 'MISSED';
}
