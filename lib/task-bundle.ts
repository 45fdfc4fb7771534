import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type BuildFailure, type BuildOptions, buildSync, type Loader } from 'esbuild';
import { messageOf, PartyError } from '../functions/errors.ts';
import { functionsModule } from './package-files.ts';
import type { TaskSource } from './task-files.ts';

/** How the tasks are bundled with esbuild. */
export interface TaskBundling {
  /**
   * Modules that are not bundled, because a layer has them.
   * @default - none: the AWS SDK is bundled too
   */
  readonly externalModules?: readonly string[];
  /**
   * Global identifiers and the expressions that replace them.
   * @default - none
   */
  readonly define?: Readonly<Record<string, string>>;
  /**
   * How files of further extensions are loaded, e.g. `{ '.sql': 'text' }`.
   * @default - esbuild's
   */
  readonly loader?: Readonly<Record<string, Loader>>;
  /**
   * Whether white space and names are shortened.
   * @default true
   */
  readonly minify?: boolean;
  /**
   * Whether stack traces show lines of the sources.
   * @default true
   */
  readonly sourceMap?: boolean;
  /**
   * Path of a tsconfig.json.
   * @default - the nearest one above each file
   */
  readonly tsconfig?: string;
  /**
   * JavaScript at the top of each bundled file.
   * @default - none
   */
  readonly banner?: string;
}

/** CommonJS packages, the AWS SDK's among them, call `require` even when they are bundled as ESM. */
const REQUIRE =
  "import { createRequire as partyCreateRequire } from 'node:module'; const require = partyCreateRequire(import.meta.url);";

const ENTRY = 'index.ts';

/**
 * Bundles the tasks into `outdir/index.mjs`, which exports `handler`, the runner, and `files`, a lazy import per task.
 * What is written depends on the sources alone, not on where the project lies.
 * @returns the paths of the files that went into it
 * @throws PartyError `bundling-failed`, naming the files and lines; `esbuild-failed` where it cannot run at all
 */
export function bundleTasks(
  folder: string,
  tasks: readonly TaskSource[],
  bundling: TaskBundling,
  outdir: string,
): string[] {
  // Paths in the bundle are relative to this folder, so that a stack trace in Lambda says tasks/<file>.
  const base = dirname(folder);
  const { outputFiles, metafile } = buildOrExplain({
    stdin: { contents: entryOf(tasks), resolveDir: folder, sourcefile: ENTRY, loader: 'ts' },
    // One copy of the package, the construct's own, however many are installed.
    alias: {
      'after-party/runtime': functionsModule('runner/index'),
      'after-party/sources': functionsModule('sources/index'),
      'after-party/task': functionsModule('task/index'),
    },
    absWorkingDir: base,
    outdir: base,
    write: false,
    metafile: true,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Not the syntax: it moves code to other lines, and an error would name the wrong one.
    minifyWhitespace: bundling.minify ?? true,
    minifyIdentifiers: bundling.minify ?? true,
    keepNames: true,
    sourcemap: bundling.sourceMap ?? true,
    sourcesContent: false,
    legalComments: 'none',
    external: [...(bundling.externalModules ?? [])],
    banner: { js: bundling.banner === undefined ? REQUIRE : `${REQUIRE}\n${bundling.banner}` },
    ...(bundling.define && { define: bundling.define }),
    ...(bundling.loader && { loader: bundling.loader }),
    ...(bundling.tsconfig && { tsconfig: bundling.tsconfig }),
    logLevel: 'silent',
  });
  for (const { path, contents } of outputFiles) {
    const file = join(outdir, relative(base, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  return Object.keys(metafile.inputs)
    .filter((path) => path !== ENTRY)
    .map((path) => join(base, path));

  function buildOrExplain(options: BuildOptions & { write: false; metafile: true }) {
    try {
      return buildSync(options);
    } catch (error) {
      throw explained(error, basename(folder));
    }
  }
}

function entryOf(tasks: readonly TaskSource[]): string {
  const files = tasks.map((task) => {
    const { version, name, file, checksum } = task;
    const fields = JSON.stringify({ version, name, file, checksum }).slice(1, -1);
    return `  { ${fields}, load: () => import(${JSON.stringify(`./${file}`)}) },`;
  });
  return [
    "import { createRunner } from 'after-party/runtime';",
    'export const files = [',
    ...files,
    '];',
    'export const handler = createRunner(files);',
  ].join('\n');
}

function explained(error: unknown, folderName: string): PartyError {
  const problems = (error as Partial<BuildFailure>).errors ?? [];
  if (problems.length === 0) {
    return new PartyError(
      'esbuild-failed',
      `esbuild cannot run: ${messageOf(error).split('\n')[0]}`,
      'install the dependencies again, with optional ones',
      { cause: error },
    );
  }
  const lines = problems.map(({ location, text }) =>
    location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`,
  );
  return new PartyError(
    'bundling-failed',
    `the tasks in ${folderName} do not compile:\n${lines.join('\n')}`,
    'fix them; name a module that a layer brings in bundling.externalModules',
    { cause: error },
  );
}
