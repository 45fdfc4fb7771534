import { describe, expect, it } from 'vitest';
import {
  brokenOff,
  crashReason,
  mayHold,
  provesDeath,
  unbegunReason,
  WHILE_EXECUTING,
} from '../../../functions/controller/crash.ts';
import { runningRecord, selectedTask } from './party.ts';

const REQUEST = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';

function caught(errorType: string, errorMessage: string) {
  return { Error: errorType, Cause: JSON.stringify({ errorType, errorMessage }) };
}

describe('an error', () => {
  it.each([
    'Runtime.ExitError',
    'Runtime.HandlerError',
    'Runtime.UnhandledPromiseRejection',
    'Runtime.OutOfMemory',
    'Sandbox.Timedout',
    'Lambda.Unknown',
    'TypeError',
  ])('of the sandbox proves that the invocation ended: %s', (name) => {
    expect(provesDeath({ Error: name })).toBe(true);
  });

  it.each([
    'States.Timeout',
    'States.HeartbeatTimeout',
    'States.Runtime',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.TooManyRequestsException',
    'Lambda.ResourceNotFoundException',
  ])('of the services proves nothing: %s', (name) => {
    expect(provesDeath({ Error: name })).toBe(false);
  });
});

describe('a task', () => {
  const held = runningRecord('1', { owner: `${REQUEST}.1f3b` });

  it('may be held by the invocation that died, where the error names none', () => {
    expect(mayHold(caught('Runtime.HandlerError', 'Worker process died'), held)).toBe(true);
    expect(mayHold({ Error: 'Lambda.Unknown' }, held)).toBe(true);
  });

  it('is held by the invocation that died, or by another call of the same step', () => {
    const other = '11111111-e9f4-11e8-9739-2dfe598c3fcd';
    expect(mayHold(caught('Runtime.ExitError', `RequestId: ${REQUEST} Error: exited`), held)).toBe(true);
    expect(mayHold(caught('Runtime.ExitError', `RequestId: ${other} Error: exited`), held)).toBe(false);
  });

  it('that broke off has failed, or is in doubt where it must not run twice', () => {
    expect(brokenOff(selectedTask('1'), {}, 'why')).toEqual({ state: 'failed', reason: 'why' });
    expect(brokenOff(selectedTask('1', { delivery: 'at-most-once' }), {}, 'why')).toEqual({
      state: 'in-doubt',
      reason: 'why',
    });
  });
});

const TIMEOUT = /timeout of 900 s.*raise the timeout/;
const MEMORY = /out of memory.*raise memorySize/;

describe('in words', () => {
  it.each([
    [
      'a timeout',
      caught('Sandbox.Timedout', 'RequestId: 1 Error: Task timed out after 900.00 seconds'),
      TIMEOUT,
    ],
    [
      'an older timeout',
      {
        Error: 'Lambda.Unknown',
        Cause: '{"errorMessage":"2026-11-20T09:15:00 Task timed out after 900.00 seconds"}',
      },
      TIMEOUT,
    ],
    ["an emulator's timeout", caught('Sandbox.Timedout', 'Task timed out after 10.00 seconds'), TIMEOUT],
    [
      'too much memory',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed'),
      MEMORY,
    ],
    [
      'a full heap',
      caught('Runtime.ExitError', 'Runtime exited with error: signal: aborted (core dumped)'),
      MEMORY,
    ],
    [
      'a full worker',
      caught('Runtime.HandlerError', 'Worker terminated: JavaScript heap out of memory'),
      MEMORY,
    ],
    ['no memory', caught('Runtime.OutOfMemory', ''), MEMORY],
    [
      'an exit',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: exit status 3'),
      /^the runner's process ended with exit code 3/,
    ],
    [
      'an exit without a code',
      caught('Runtime.ExitError', 'Runtime exited without providing a reason'),
      /^the runner's process ended while the task was being executed$/,
    ],
    [
      'a kill -9 on a developer’s machine',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: SIGKILL'),
      /^the runner's process was ended by SIGKILL while the task was being executed$/,
    ],
    [
      'the end of what drove the run on a developer’s machine',
      caught('Driver.Ended', 'RequestId: 1 Error: the process that drove the run ended'),
      /^the process that ran it on this machine ended$/,
    ],
    [
      "an emulator's exit",
      caught('Runtime.HandlerError', 'Worker process died'),
      /^the runner crashed: Runtime.HandlerError: Worker process died$/,
    ],
    [
      'an error of the runner itself',
      caught('TimeoutError', 'connect ETIMEDOUT 52.94.5.1:443'),
      /^the runner crashed: TimeoutError: connect ETIMEDOUT/,
    ],
    [
      'a cause that is no JSON',
      { Error: 'Lambda.Unknown', Cause: 'it\nbroke' },
      /^the runner crashed: Lambda.Unknown: it broke$/,
    ],
    [
      'a cause that is no object',
      { Error: 'Lambda.Unknown', Cause: 'null' },
      /^the runner crashed: Lambda.Unknown: null$/,
    ],
    ['no cause', { Error: 'Lambda.Unknown' }, /^the runner crashed: Lambda.Unknown: ?$/],
  ])('%s', (_, error, words) => {
    expect(crashReason(error, 900, WHILE_EXECUTING)).toMatch(words);
  });

  it.each([
    [
      'a kill -9 on a developer’s machine',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: SIGKILL'),
      "the runner's process was ended by SIGKILL before the task had begun",
    ],
    [
      'an exit',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: exit status 3'),
      "the runner does not load: the runner's process ended with exit code 3 before the task had begun",
    ],
    [
      'too much memory',
      caught('Runtime.ExitError', 'RequestId: 1 Error: Runtime exited with error: signal: killed'),
      'the runner does not load: the runner ran out of memory; raise memorySize of the party, or hold less at a time',
    ],
    [
      'a refusal',
      { Error: 'Lambda.SdkClientException' },
      'the runner could not be called: Lambda.SdkClientException',
    ],
  ])('%s before anything was claimed', (_, error, words) => {
    expect(unbegunReason(error, 900)).toBe(words);
  });
});
