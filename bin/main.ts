import { packageVersion } from '../functions/controller/package-version.ts';
import { EXIT } from './commands/exit-codes.ts';
import { connect } from './party/connect.ts';
import { runProgram } from './program.ts';
import { safeText } from './terminal/safe-text.ts';

/** Runs the command line on this process, and ends it. */
export async function main(): Promise<never> {
  const { stdout, stderr, env } = process;
  const cwd = currentFolder();
  if (cwd === undefined) {
    stderr.write(
      'error the current folder does not exist any more\n      change to one that does, and try again\n',
    );
    process.exit(EXIT.notStarted);
  }
  const code = await runProgram(process.argv.slice(2), {
    version: packageVersion,
    streams: {
      // Opened only by those that read it.
      get stdin() {
        return process.stdin;
      },
      stdout,
      stderr,
      env,
    },
    cwd,
    now: Date.now,
    onInterrupt: (listener) => {
      process.once('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
    connect: (options) =>
      connect(options, { cwd, env, onWarning: (message) => stderr.write(`${safeText(message)}\n`) }),
  });
  // A pipe may still hold what was written; an exit would cut it off.
  for (const stream of [stdout, stderr]) await new Promise((written) => stream.write('', written));
  process.exit(code);
}

/** Undefined where it was removed under the shell. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
