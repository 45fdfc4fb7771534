import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScripts, SHELLS, type Shell } from '../../../bin/completion/scripts.ts';
import { runProgramFile } from '../child-program.ts';
import { synthesize } from '../party/synthesized-app.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/after-party.ts', import.meta.url));
const START: Record<Shell, string[]> = {
  bash: ['--norc', '--noprofile', '-i'],
  zsh: ['-f', '-i'],
  fish: ['--no-config', '-i'],
};

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-shells-'));
  const program = join(app, 'node_modules/.bin/after-party');
  await mkdir(join(app, 'node_modules/.bin'), { recursive: true });
  await mkdir(join(app, 'tasks'));
  await mkdir(join(app, 'home'));
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  await chmod(program, 0o755);
  await synthesize(app, [
    { stack: 'Dev-Shop', env: 'dev' },
    { stack: 'Prod-Shop', env: 'production' },
  ]);
  await writeFile(join(app, 'tasks/1_restart_search.ts'), '');
  for (const shell of SHELLS) await writeFile(join(app, `completion.${shell}`), completionScripts[shell]);
});
afterAll(() => rm(app, { recursive: true, force: true }));

function installed(shell: Shell): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Bash is where these tests run; the others are asked where they are installed. */
const here = SHELLS.filter((shell) => shell === 'bash' || installed(shell));

/** Types into a shell at a terminal, and returns once it shows what is waited for. */
async function type(shell: Shell, keys: readonly string[], shown: RegExp): Promise<string> {
  const terminal = spawn(shell, START[shell], {
    name: 'xterm',
    cols: 200,
    cwd: join(app, 'tasks'),
    env: { PATH: process.env.PATH, HOME: join(app, 'home'), LC_ALL: 'C.UTF-8', PS1: '$ ' },
  });
  let text = '';
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${shell} shows ${JSON.stringify(text)}`)), 30_000);
      const rest = [...keys];
      terminal.onData((data) => {
        text += data;
        // What was asked of the terminal before: fish waits for it.
        if (data.includes('\u001b[c')) terminal.write('\u001b[?62;c');
        if (/ready\d\r?\n/.test(data) || (rest.length === keys.length && /ready0/.test(text))) {
          const next = rest.shift();
          if (next !== undefined) terminal.write(next);
        }
        if (!shown.test(text)) return;
        clearTimeout(timer);
        resolve(text);
      });
      const init = shell === 'zsh' ? 'autoload -Uz compinit; compinit -D -u; ' : '';
      terminal.write(
        `${init}source '${join(app, `completion.${shell}`)}'; echo ready$((1-1))\r`.replace(
          '$((1-1))',
          shell === 'fish' ? '(math 0)' : '$((0))',
        ),
      );
    });
  } finally {
    terminal.kill('SIGKILL');
  }
}

describe.each(here)('%s', (shell) => {
  it.each([
    ['a command', 'after-party mark-d\t', /after-party mark-done/],
    ['a task', 'after-party show rest\t', /after-party show restart_search/],
    ['a flag', 'after-party status --wit\t', /after-party status --with-aws/],
    ['the value of a flag', 'after-party invoke --task=rest\t', /after-party invoke --task=restart_search/],
    ['an environment', 'after-party status --env prod\t', /after-party status --env production/],
    ['two of them', 'after-party status --compare=dev,prod\t', /--compare=dev,production/],
    ['a command behind npx', 'npx after-party mark-d\t', /npx after-party mark-done/],
  ])('completes %s', async (_, keys, shown) => {
    await expect(type(shell, [keys], shown)).resolves.toMatch(shown);
  });
});

it.each(SHELLS)('%s gets its script, as it is', async (shell) => {
  expect(await runProgramFile(['completion', shell])).toEqual({
    code: 0,
    stdout: completionScripts[shell],
    stderr: '',
  });
});
