import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The program as it is published; `npm test` builds it first. */
export const BUILT_PROGRAM: string = fileURLToPath(new URL('../../dist/bin/after-party.js', import.meta.url));

export interface BuiltEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BuiltOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs it as another user of the machine, for whom a folder can be read-only: root may write anywhere. */
  readonly uid?: number;
}

/** Runs the built program, without a terminal. */
export async function runBuilt(
  argv: readonly string[],
  { cwd, env = {}, uid }: BuiltOptions,
): Promise<BuiltEnd> {
  return run(process.execPath, [BUILT_PROGRAM, ...argv], { cwd, env, ...(uid !== undefined && { uid }) });
}

/** Runs a line of shell, in which `after-party` is the built program. */
export async function runShell(line: string, { cwd, env = {} }: BuiltOptions): Promise<BuiltEnd> {
  const program = `after-party() { '${process.execPath}' '${BUILT_PROGRAM}' "$@"; }`;
  return run('bash', ['-c', `${program}\n${line}`], { cwd, env });
}

async function run(
  command: string,
  argv: readonly string[],
  { cwd, env, uid }: BuiltOptions & { env: NodeJS.ProcessEnv },
): Promise<BuiltEnd> {
  const child = spawn(command, argv, {
    cwd,
    env: { PATH: process.env.PATH, HOME: '/nowhere', USER: 'ann', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid }),
  });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, stdout, stderr };
}
