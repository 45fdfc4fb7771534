import { join, resolve } from 'node:path';
import { node } from './processes.ts';
import { compare, report } from './rounds.ts';

const ROUNDS = 3;
const root = resolve(import.meta.dirname, '..');

/** Left to itself V8 lets more garbage lie the longer a process allocates: what is in use is measured. */
const FEW_LEFTOVERS = ['--max-semi-space-size=1', '--max-old-space-size=32'];

/** Megabytes that a runner takes at most for a task of so many items. */
async function peak(items: number): Promise<number> {
  const program = join('bench', 'memory-process.ts');
  return Number(await node([...FEW_LEFTOVERS, program, String(items)], root));
}

const { subject, peer, ratio } = await compare(
  ROUNDS,
  () => peak(1_000_000),
  () => peak(10_000),
);
report([
  {
    what: 'peak memory at 1,000,000 items, against 10,000',
    measured: `${subject.toFixed(0)} MB`,
    peer: `${peer.toFixed(0)} MB`,
    ratio,
    aim: 1.1,
  },
]);
