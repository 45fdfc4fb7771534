import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { node } from './processes.ts';
import { compare, milliseconds, type Row, report, timed } from './rounds.ts';

const ROUNDS = 9;
const root = resolve(import.meta.dirname, '..');
const program = join(root, 'dist/bin/after-party.js');

/** A project with the example tasks, in which nothing was deployed. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'after-party-bench-'));
  await cp(join(root, 'tasks'), join(folder, 'tasks'), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/after-party'));
  for (const name of ['@aws-sdk', 'valibot', '@middy']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await writeFile(join(folder, 'cdk.json'), '{}');
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

const folder = await project();

async function row(args: readonly string[], aim?: number): Promise<Row> {
  const { subject, peer, ratio } = await compare(
    ROUNDS,
    () => timed(() => node([program, ...args], folder)),
    () => timed(() => node(['-e', '0'], folder)),
  );
  const what = `after-party ${args.join(' ')}, against node -e 0`;
  return { what, measured: milliseconds(subject), peer: milliseconds(peer), ratio, ...(aim && { aim }) };
}

try {
  // The round that does not count leaves the database running for those that come after it.
  report([
    await row(['--help']),
    await row(['status', '--local'], 4),
    await row(['plan', '--local']),
    await row(['show', 'import_price_list', '--local']),
    await row(['logs', 'import_price_list', '--local']),
    await row(['history', '--local']),
  ]);
} finally {
  await rm(folder, { recursive: true });
}
