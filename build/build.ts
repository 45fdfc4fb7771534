import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root: string = join(import.meta.dirname, '..');
const dist: string = join(root, 'dist');

/** What is bundled as ESM may hold CommonJS packages, which call `require`. */
const REQUIRE =
  "import { createRequire as partyCreateRequire } from 'node:module'; const require = partyCreateRequire(import.meta.url);";

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** The modules and their declarations, as ESM. */
function compile(out: string): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error('the sources do not compile');
}

/** One CommonJS file per entry of the package, for what cannot load ESM, with the same declarations. */
async function bundleCommonJs(out: string): Promise<void> {
  const folder = join(out, 'cjs');
  await build({
    ...COMMON,
    entryPoints: [
      'lib/index.ts',
      'functions/task/index.ts',
      'functions/sources/index.ts',
      'functions/testing/index.ts',
    ],
    outbase: '.',
    outdir: folder,
    format: 'cjs',
    target: 'node22',
    external: ['aws-cdk-lib', 'constructs', 'esbuild', '@aws-sdk/*', 'csv-parse'],
    // Jest cannot import what it runs as CommonJS.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  });
  for (const part of ['lib', 'functions']) {
    const filter = (path: string): boolean => !path.endsWith('.js');
    cpSync(join(out, part), join(folder, part), { recursive: true, filter });
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
}

/** The controller's Lambda code: one file, so that the construct only adds the manifest. */
async function bundleController(out: string): Promise<void> {
  await build({
    ...COMMON,
    entryPoints: ['functions/controller/lambda.ts'],
    outfile: join(out, 'assets/controller/index.mjs'),
    format: 'esm',
    target: 'node24',
    minify: true,
    define: { AFTER_PARTY_VERSION: JSON.stringify(version) },
    banner: { js: REQUIRE },
  });
}

/**
 * Node's own modules are loaded when they are first used. As ESM, node:http alone takes 25 ms: all that it exports is
 * looked at, also what it loads only when asked.
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin';
    onResolve({ filter: /./ }, ({ path, importer }) =>
      // One for each importer, in whose file it then is: a file for each builtin takes longer to load.
      isBuiltin(path) ? { path: `${importer} ${path}`, namespace, pluginData: path } : undefined,
    );
    onLoad({ filter: /./, namespace }, ({ pluginData: name }) => {
      const load = `process.getBuiltinModule(${JSON.stringify(name)})`;
      const builtin = process.getBuiltinModule(name);
      if (typeof builtin === 'function' || builtin === process)
        return { contents: `module.exports = ${load};` };
      // Importers copy a module's own exports, which these have none of, and so load it when they first use one.
      const traps = `{ get: (_, name) => ${load}[name], has: (_, name) => name in ${load} }`;
      return { contents: `module.exports = Object.create(new Proxy({}, ${traps}));` };
    });
  },
};

/** The program, and beside it what it reads or starts by path; a command loads what it needs alone. */
async function bundleProgram(out: string): Promise<void> {
  const program = {
    ...COMMON,
    outdir: join(out, 'bin'),
    entryNames: '[name]',
    format: 'esm',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    external: ['esbuild', 'dynalite', 'classic-level'],
    plugins: [builtins],
  } as const satisfies BuildOptions;
  const processes = ['runner-process', 'end-with-parent', 'database-server'];
  await Promise.all([
    build({ ...program, entryPoints: ['bin/after-party.ts'], splitting: true }),
    build({ ...program, entryPoints: processes.map((name) => `functions/local/${name}.ts`) }),
  ]);
  chmodSync(join(out, 'bin/after-party.js'), 0o755);
  for (const texts of ['templates', 'standalone'])
    cpSync(join(root, 'bin', texts), join(out, 'bin', texts), { recursive: true });
}

const out = mkdtempSync(join(root, '.dist-'));
try {
  compile(out);
  await Promise.all([bundleCommonJs(out), bundleController(out), bundleProgram(out)]);
  // At once, for whoever uses the last build meanwhile.
  rmSync(dist, { recursive: true, force: true });
  renameSync(out, dist);
  chmodSync(dist, 0o755);
} finally {
  rmSync(out, { recursive: true, force: true });
}
