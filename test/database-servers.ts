import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kill } from './functions/local/processes.ts';

/**
 * Ends the database servers of a folder and of those in it, also one that only starts: it would write while the folder is removed.
 * They are known by their command lines, since the process id in a server.json may be another process' by now.
 */
export async function endDatabaseServers(folder: string): Promise<void> {
  for (let pids = await serversOf(folder); pids.length > 0; pids = await serversOf(folder)) {
    for (const pid of pids) await kill(pid, 'SIGTERM');
  }
}

async function serversOf(folder: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,args='], {
    maxBuffer: 2 ** 26,
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes('database-server') && line.includes(folder))
    .map((line) => Number.parseInt(line, 10));
}
