import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';
import { bundleTasks } from '../lib/task-bundle.ts';
import { node } from './processes.ts';
import { compare, milliseconds, type Row, report } from './rounds.ts';

const ROUNDS = 9;
const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(root, '.bench-'));

const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  legalComments: 'none',
  banner: { js: REQUIRE },
} as const satisfies BuildOptions;

/** A folder of what Lambda gets, and the file of the handler in it. */
interface Asset {
  readonly folder: string;
  readonly file: string;
}

/** The controller's imports in one file, as the controller is. */
function bareController(): Asset {
  const asset = folderFor('bare-controller');
  buildSync({ ...COMMON, entryPoints: ['bench/apps/triggered.ts'], outfile: asset.file });
  return asset;
}

/** The runner of a party whose tasks import nothing, for there are none. */
function runner(): Asset {
  const asset = folderFor('runner');
  mkdirSync(join(folder, 'tasks'));
  bundleTasks(join(folder, 'tasks'), [], { sourceMap: false }, asset.folder);
  return asset;
}

/** A bare handler in as many files as the runner's. */
function bareRunner(): Asset {
  const asset = folderFor('bare-runner');
  buildSync({
    ...COMMON,
    entryPoints: ['bench/apps/worker.ts'],
    outdir: asset.folder,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    splitting: true,
  });
  return asset;
}

function folderFor(name: string): Asset {
  mkdirSync(join(folder, name));
  return { folder: join(folder, name), file: join(folder, name, 'index.mjs') };
}

function sizeOf(asset: Asset): number {
  const files = readdirSync(asset.folder).filter((name) => name.endsWith('.mjs'));
  return files.reduce((bytes, name) => bytes + statSync(join(asset.folder, name)).size, 0);
}

/** Milliseconds to import a module in a new process. */
async function loadTime(file: string): Promise<number> {
  const url = JSON.stringify(pathToFileURL(file).href);
  const script = `const start = performance.now(); await import(${url}); console.log(performance.now() - start);`;
  return Number(await node(['--input-type=module', '-e', script], root, { AWS_REGION: 'us-east-1' }));
}

async function rowsFor(name: string, subject: Asset, peer: Asset): Promise<Row[]> {
  const [size, peerSize] = [sizeOf(subject), sizeOf(peer)];
  const load = await compare(
    ROUNDS,
    () => loadTime(subject.file),
    () => loadTime(peer.file),
  );
  const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KB`;
  return [
    {
      what: `size of the ${name}`,
      measured: kilobytes(size),
      peer: kilobytes(peerSize),
      ratio: size / peerSize,
      aim: 1.35,
    },
    {
      what: `load time of the ${name}`,
      measured: milliseconds(load.subject),
      peer: milliseconds(load.peer),
      ratio: load.ratio,
      aim: 1.35,
    },
  ];
}

try {
  const assets = join(root, 'dist/assets/controller');
  const controller = { folder: assets, file: join(assets, 'index.mjs') };
  report([
    ...(await rowsFor('controller, against its bare imports', controller, bareController())),
    ...(await rowsFor('runner without tasks, against bare middy and lib-dynamodb', runner(), bareRunner())),
  ]);
} finally {
  rmSync(folder, { recursive: true });
}
