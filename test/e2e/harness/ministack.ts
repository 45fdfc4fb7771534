import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from './command.ts';

/** The scenarios rely on how this release behaves where it is not AWS: raise it and run them all. */
const VERSION = '1.5.33';
const OLDEST_PYTHON = [3, 10] as const;

function checkPython(): void {
  const needed = `Python ${OLDEST_PYTHON.join('.')} or later`;
  const script = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip';
  const python = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  if (python.error !== undefined) {
    throw new Error(
      `python3 is not on the PATH: install ${needed}, in which the end-to-end tests run MiniStack`,
    );
  }
  const [major = 0, minor = 0] = python.stdout.trim().split('.').map(Number);
  if (major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1])) {
    throw new Error(
      `python3 is Python ${major}.${minor}: put ${needed} on the PATH, in which the end-to-end tests run MiniStack`,
    );
  }
  if (python.status !== 0) {
    throw new Error(
      'python3 has no venv module: install it, on Debian and Ubuntu with apt install python3-venv',
    );
  }
}

const STARTER = join(import.meta.dirname, 'start-ministack.py');
/** Ignored by git. */
export const MINISTACK_FOLDER = join(import.meta.dirname, '..', '..', '..', '.ministack');

/**
 * Puts MiniStack into a virtual environment below `folder`, once per release of it.
 * @returns its Python
 * @throws Error in one sentence that names the fix, where Python is missing or too old
 */
export async function installMinistack(folder: string): Promise<string> {
  const environment = join(folder, VERSION);
  const python = join(environment, 'bin', 'python3');
  // Written last, so that an installation that broke off is made anew.
  const installed = join(environment, 'installed');
  if (existsSync(installed)) return python;
  checkPython();
  await rm(environment, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const options = { cwd: folder, env: process.env, timeoutMs: 300_000 };
  await mustRun('python3', ['-m', 'venv', environment], options);
  const pip = join(environment, 'bin', 'pip');
  await mustRun(pip, ['install', '--quiet', '--disable-pip-version-check', `ministack==${VERSION}`], options);
  await writeFile(installed, '');
  return python;
}

export interface Ministack {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts MiniStack on a free loopback port; its Lambdas run on the `node` that runs this process. */
export async function startMinistack(python: string): Promise<Ministack> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const scratch = await mkdtemp(join(tmpdir(), 'after-party-ministack-'));
  const logFile = join(scratch, 'ministack.log');
  const log = await open(logFile, 'w');
  const server = spawn(python, [STARTER], {
    cwd: scratch,
    // Lambdas inherit this environment: nothing of the test runner's may be in it. Response URLs are made of
    // MINISTACK_HOST, and the AWS_ENDPOINT_URL inside a Lambda has the same host only if it is set.
    env: {
      PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      HOME: scratch,
      TMPDIR: scratch,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
    },
    // A group of its own: its Lambda workers end with it.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const stop = async (): Promise<void> => {
    await stopGroup(server);
    await log.close();
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await untilHealthy(endpoint, server);
  } catch (error) {
    const printed = await readFile(logFile, 'utf8');
    await stop();
    throw new Error(`MiniStack did not start:\n${printed}`, { cause: error });
  }
  return { endpoint, stop };
}

async function untilHealthy(endpoint: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    const health = await fetch(`${endpoint}/_ministack/health`).catch((error: Error) => error);
    if (health instanceof Response && health.ok) return;
    if (Date.now() > deadline) throw new Error('it is not healthy after 60 s', { cause: health });
    await sleep(200);
  }
}

async function stopGroup(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  process.kill(-server.pid, 'SIGTERM');
  const kill = setTimeout(() => process.kill(-Number(server.pid), 'SIGKILL'), 5_000);
  await ended;
  clearTimeout(kill);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new Error('a loopback server has no port'));
        return;
      }
      server.close(() => resolve(address.port));
    });
  });
}
