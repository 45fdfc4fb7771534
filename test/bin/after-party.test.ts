import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPORT_MODULES, runProgramFile } from './child-program.ts';
import { logLine, partyStatus, runStatus, taskStatus } from './command-line.ts';
import { type AwsAnswers, type FakeAws, startFakeAws } from './party/fake-aws.ts';

let tasks = [taskStatus({ state: 'failed', error: { name: 'Error', message: '\u001b[31mHTTP 503' } })];
const invoke: AwsAnswers['invoke'] = ({ request }) => {
  switch (request.request) {
    case 'status':
      return { v: 1, ok: partyStatus({ tasks }) };
    case 'logs':
      return { v: 1, ok: { lines: [logLine({})], token: null } };
    case 'invoke':
      return { v: 1, ok: runStatus(request, { tasks: [taskStatus({})] }) };
    case 'show-run':
      return { v: 1, ok: runStatus(request, { tasks: [taskStatus({ state: 'running' })] }) };
    default:
      return { v: 1, error: { code: 'held', message: 'another run holds it' } };
  }
};

let aws: FakeAws;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  aws = await startFakeAws({
    resources: [[{ type: 'Custom::AfterParty', physicalId: 'Controller' }]],
    arn: 'arn:aws:iam::1:user/ann',
    invoke,
  });
  env = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AFTER_PARTY_STACK: 'Shop-prod',
  };
});
afterEach(() => aws.stop());

describe('the program', { timeout: 30_000 }, () => {
  it('prints data on stdout alone, plain where no terminal reads', async () => {
    const people = await runProgramFile(['status'], { env });
    const programs = await runProgramFile(['status', '--json'], { env });

    expect(people).toMatchObject({ code: 0, stderr: '' });
    expect(people.stdout).toContain('failed  20260126080000  restart_search');
    expect(people.stdout).not.toContain('\u001b');
    expect(JSON.parse(programs.stdout)).toMatchObject({ stack: 'Shop-prod', tasks });
  });

  it('ends with the code that says what happened', async () => {
    const held = await runProgramFile(['skip', 'a', '--reason', 'x'], { env });
    const usage = await runProgramFile(['skip', 'a'], { env });
    const nowhere = { cwd: tmpdir(), env: { ...env, AFTER_PARTY_STACK: '' } };
    const unnamed = await runProgramFile(['status'], nowhere);

    expect(held).toMatchObject({ code: 4, stdout: '', stderr: 'error another run holds it\n' });
    expect(usage).toMatchObject({ code: 2, stdout: '' });
    expect(unnamed).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--stack NAME') });
  });

  it('ends quietly when nobody reads on', async () => {
    tasks = Array.from({ length: 20_000 }, (_, index) => taskStatus({ version: String(index + 1) }));

    const ended = await runProgramFile(['status'], { env, meanwhile: (child) => child.stdout?.destroy() });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('stops following a log that nobody reads', async () => {
    const ended = await runProgramFile(['logs', 'a', '--follow', '--since', '1h'], {
      env,
      meanwhile: (child) => child.stdout?.destroy(),
    });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('leaves a run at Ctrl-C', async () => {
    const ended = await runProgramFile(['invoke', 'restart_search'], {
      env,
      meanwhile: (child) => child.stderr?.once('data', () => child.kill('SIGINT')),
    });

    expect(ended).toMatchObject({ code: 130, stdout: '' });
    expect(ended.stderr).toContain('the run goes on');
    expect(aws.calls.map(({ request }) => request.request)).not.toContain('cancel');
  });

  it('shows help without loading what only commands need', async () => {
    const { code, stdout, stderr } = await runProgramFile(['--help'], { nodeFlags: REPORT_MODULES });

    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Usage: after-party [options] [command]']);
    expect(stderr).toContain('node_modules/commander');
    const packages = new Set(
      [...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name),
    );
    expect([...packages]).toEqual(['commander']);
  });

  it('says in one sentence that Node is too old', async () => {
    const pretend = `data:text/javascript,Object.defineProperties(process.versions,{node:{value:'20.11.1'}})`;

    const { code, stdout, stderr } = await runProgramFile(['status'], { nodeFlags: ['--import', pretend] });

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^after-party needs Node.js 22\.12 or newer.*nvm install.*\n$/);
  });

  it('has the version of its package', async () => {
    const { version } = await import('../../package.json', { with: { type: 'json' } }).then(
      (module) => module.default,
    );

    expect(await runProgramFile(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
