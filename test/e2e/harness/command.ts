import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a person at a terminal sees them. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** What to do once the program has said this. */
  readonly onceSaid?: { readonly words: string; readonly act: () => Promise<void> };
}

/**
 * Runs a program to its end and keeps what it printed; an exit code other than 0 is for the caller to judge.
 * The program gets a process group of its own, so that a timeout ends whatever it started too.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { cwd, env, timeoutMs, onceSaid } = options;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, output] = ['', '', ''];
  let acted: Promise<void> | undefined;
  const hear = (text: string): void => {
    output += text;
    if (onceSaid !== undefined && output.includes(onceSaid.words)) acted ??= onceSaid.act();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    hear(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    hear(text);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${program} ${args.join(' ')} did not end within ${timeoutMs / 1000} s:\n${output}`));
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      Promise.resolve(acted).then(() => resolve({ exitCode, stdout, stderr, output }), reject);
    });
  });
}

/** Runs a program of the set-up, which has to succeed. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const result = await runCommand(program, args, options);
  if (result.exitCode !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${result.exitCode}:\n${result.output}`);
  }
  return result;
}
