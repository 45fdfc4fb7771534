import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs node and gives back what it printed; what it complains about is seen only if it fails. */
export async function node(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => printed.push(data));
  const complaints: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => complaints.push(data));
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`node ${args.join(' ')} ended with exit code ${code}: ${Buffer.concat(complaints)}`);
  return Buffer.concat(printed).toString();
}
