import { expect, it } from 'vitest';
import type { LogLine, TaskStatus } from '../../../functions/controller/requests.ts';
import { commandLine, logLine } from '../command-line.ts';
import { oneTaskParty } from './one-task-party.ts';

const FRAMES = `TypeError: reading 'trim'
    at Object.process (tasks/20260126080000_restart_search.ts:14:31)
    at Iteration.#process (/app/node_modules/after-party/dist/functions/runner/iteration/iteration.js:7:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:103:5)
caused by Error: refused
    at connect (tasks/20260126080000_restart_search.ts:9:5)
    at runRequest (/app/node_modules/@middy/core/index.js:191:26)`;
const error = { name: 'TypeError', message: "reading 'trim'", stack: FRAMES, item: '{"id":"u-7"}' };
const failed = logLine({
  level: 'ERROR',
  message: `task failed ${JSON.stringify({ durationMs: 300, error })}`,
});

/** What is said on stderr of a run of the task, of which these are the log lines. */
async function said(task: Partial<TaskStatus>, lines: Partial<LogLine>[], flags: readonly string[] = []) {
  const { stderr } = await commandLine(['invoke', 'restart_search', '--stack', 'Shop-prod', ...flags], {
    answers: oneTaskParty(task, lines, { dryRun: flags.includes('--dry-run') }),
    runsGoOn: false,
  });
  return stderr;
}

it('says of a task that failed what it threw, where in its own code and at which item', async () => {
  const lines = [{ message: 'task started' }, { message: 'at u-7 {"id":"u-7"}' }, failed];
  expect(await said({ state: 'failed', error }, lines)).toBe(`▸ 20260126080000_restart_search  attempt 2
  restart_search  INFO  task started
  restart_search  INFO  at u-7 {"id":"u-7"}
✖ 20260126080000_restart_search  0.3s  attempt 2: reading 'trim'
  TypeError: reading 'trim'
      at Object.process (tasks/20260126080000_restart_search.ts:14:31)
  caused by Error: refused
      at connect (tasks/20260126080000_restart_search.ts:9:5)
  last item: {"id":"u-7"}
`);
});

it('says it of a dry run, which leaves nothing of it in the record', async () => {
  const stderr = await said({ state: 'pending' }, [failed], ['--dry-run']);
  expect(stderr).toContain(`  restart_search  ERROR failed after 0.3s: reading 'trim'
          TypeError: reading 'trim'
              at Object.process (tasks/20260126080000_restart_search.ts:14:31)
`);
});

it('says of the children of a split task in a line each how they ended', async () => {
  const ended = (fields: object) => `task succeeded ${JSON.stringify({ durationMs: 1200, ...fields })}`;
  const locked = { level: 'ERROR', message: `task failed ${JSON.stringify({ durationMs: 300, error })}` };
  const lines = [
    { key: 'acme', message: ended({}) },
    { key: 'globex', ...locked },
    { shard: '7/64', message: 'task interrupted {"durationMs":900,"reason":"deploy timeout","done":3}' },
  ];
  const stderr = await said({ state: 'failed', reason: '1 of 3 failed' }, lines);
  expect(stderr).toContain(`  restart_search "acme"  INFO  succeeded after 1.2s
  restart_search "globex"  ERROR failed after 0.3s: reading 'trim'
  restart_search 7/64  INFO  interrupted after 0.9s: deploy timeout
`);
});

it.each([
  'task failed {"durationMs":"long"}',
  'task failed {"id":"u-7"}',
  'task failed {not JSON}',
  'the task failed {"durationMs":300}',
])('shows a line of a task that only looks like one on its end: %s', async (message) => {
  expect(await said({ state: 'succeeded' }, [{ message }])).toContain(`INFO  ${message}\n`);
});
