import { describe, expect, it } from 'vitest';
import { type Answer, commandLine, refusal, runStatus } from '../command-line.ts';
import { oneTaskParty } from './one-task-party.ts';

const INVOKE = ['invoke', 'restart_search', '--stack', 'Shop-prod'];

describe('invoke of what has an outcome', () => {
  const confirmed: Answer = (request) =>
    request.confirmed === true
      ? runStatus(request, { state: 'succeeded' })
      : refusal('confirm', 'run again? restart_search is succeeded', 'say so with --yes');

  it('asks a person, and starts the same run', async () => {
    const { code, requests, stdout } = await commandLine(INVOKE, {
      answers: { invoke: confirmed },
      keys: ['y'],
    });

    expect(code).toBe(0);
    expect(requests.map((request) => request.confirmed)).toEqual([false, true]);
    expect(new Set(requests.map((request) => request.runId)).size).toBe(1);
    expect(stdout).toBe('');
  });

  it.each([
    ['no', 'n', 2, 'nothing was started'],
    ['Ctrl-C', '\u0003', 130, 'nothing was done'],
  ])('starts nothing when the person says %s', async (_, key, exitCode, said) => {
    const { code, requests, stderr } = await commandLine(INVOKE, {
      answers: { invoke: confirmed },
      keys: [key],
    });

    expect([code, requests.length]).toEqual([exitCode, 1]);
    expect(stderr).toContain(said);
  });

  it('names --yes where nobody can be asked', async () => {
    const piped = await commandLine(INVOKE, { answers: { invoke: confirmed } });
    const json = await commandLine([...INVOKE, '--json'], { answers: { invoke: confirmed }, keys: [] });

    expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(json.json).toMatchObject({
      error: { code: 'confirm', resolution: expect.stringContaining('--yes') },
    });
  });
});

describe('Ctrl-C', () => {
  it('leaves a run that goes on, and says how to come back', async () => {
    const { code, stderr, stdout, requests } = await commandLine(INVOKE, {
      answers: oneTaskParty({ state: 'succeeded' }),
      watch: (request, interrupt) => request.request === 'invoke' && interrupt(),
    });

    expect(code).toBe(130);
    expect(requests.map((request) => request.request)).toEqual(['invoke']);
    expect(stderr).toContain('the run goes on');
    expect(stderr).toContain(`npx after-party watch ${requests[0]?.runId} --stack Shop-prod`);
    expect(stderr).toContain(`npx after-party cancel ${requests[0]?.runId} --stack Shop-prod`);
    expect(stdout).toBe('');
  });

  it.each([
    ['that runs', (request: Parameters<Answer>[0]) => runStatus(request, { state: 'running' })],
    ['that has just ended', () => refusal('failed', 'run has ended')],
  ])('cancels a local run %s', async (_, cancel) => {
    const { code, stderr, requests } = await commandLine(INVOKE, {
      answers: { ...oneTaskParty({ state: 'succeeded' }), cancel },
      runsGoOn: false,
      watch: (request, interrupt) => request.request === 'invoke' && interrupt(),
    });

    expect(code).toBe(130);
    expect(requests[1]).toMatchObject({ request: 'cancel', runId: requests[0]?.runId });
    expect(stderr).toContain('a local run cannot go on');
  });
});

describe('run', () => {
  it('runs what is pending, and with --all the manual tasks too', async () => {
    const answers: Record<string, Answer> = {
      run: (request) => runStatus(request, { state: 'succeeded', outcome: 'no pending tasks to run' }),
    };

    const pending = await commandLine(['run', '--stack', 'Shop-prod'], { answers });
    const all = await commandLine(['run', '--all', '--stack', 'Shop-prod'], { answers });

    expect(pending).toMatchObject({ code: 0, stdout: 'no pending tasks to run\n' });
    expect(pending.requests[0]).toMatchObject({ request: 'run', all: false });
    expect(all.requests[0]).toMatchObject({ request: 'run', all: true });
  });
});
