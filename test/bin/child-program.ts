import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../bin/after-party.ts', import.meta.url));

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Flags for node itself. */
  readonly nodeFlags?: readonly string[];
  /** What it reads from stdin. */
  readonly input?: string;
  /** Is given the process as soon as it runs. */
  readonly meanwhile?: (child: ChildProcess) => void;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a shell would, without a terminal. */
export async function runProgramFile(
  argv: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramEnd> {
  const { cwd, env = {}, nodeFlags = [], input, meanwhile } = options;
  const child = spawn(process.execPath, [...nodeFlags, PROGRAM, ...argv], {
    env: { PATH: process.env.PATH, HOME: '/nowhere', USER: 'ann', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  // What it does not read, it may have closed.
  child.stdin.on('error', () => undefined).end(input);
  const ended = once(child, 'close');
  // A test may close a stream of its own accord.
  const read = (stream: NodeJS.ReadableStream) => text(stream).catch(() => '');
  const output = Promise.all([read(child.stdout), read(child.stderr)]);
  meanwhile?.(child);
  const [code] = (await ended) as [number | null];
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

/** Flags for node that write the name of each module to stderr as it is loaded. */
export const REPORT_MODULES = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        process.stderr.write('module ' + resolved.url + '\\n');
        return resolved;
      },
    });`)}`,
];
