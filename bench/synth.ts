import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { node } from './processes.ts';
import { compare, milliseconds, report, timed } from './rounds.ts';

const ROUNDS = 5;
const root = resolve(import.meta.dirname, '..');

async function synth(app: string): Promise<number> {
  const outdir = await mkdtemp(join(tmpdir(), 'after-party-bench-'));
  const took = await timed(() => node([join('bench/apps', app)], root, { CDK_OUTDIR: outdir }));
  await rm(outdir, { recursive: true });
  return took;
}

const { subject, peer, ratio } = await compare(
  ROUNDS,
  () => synth('party-app.ts'),
  () => synth('trigger-app.ts'),
);
report([
  {
    what: 'synth with the construct, against two NodejsFunctions and a Trigger',
    measured: milliseconds(subject),
    peer: milliseconds(peer),
    ratio,
    aim: 1.3,
  },
]);
