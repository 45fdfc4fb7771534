import { describe, expect, it } from 'vitest';
import { PartyError } from '../../../functions/errors.ts';
import { commandLine, partyStatus, taskStatus } from '../command-line.ts';

const tasks = [
  taskStatus({
    version: '007',
    name: 'import_prices',
    state: 'succeeded',
    tags: ['billing'],
    notes: ['changed'],
  }),
  taskStatus({ version: '8', name: 'import_users', state: 'failed', tags: ['users'] }),
  taskStatus({
    version: '9',
    name: 'announce',
    state: 'every-deploy',
    when: 'every-deploy',
    tags: ['billing'],
  }),
  taskStatus({ version: '10', name: 'drop_old', notes: ['behind:import_users'] }),
];
const answers = { status: () => partyStatus({ tasks }) };
const shown = async (...filters: string[]) => {
  const { json } = await commandLine(['status', ...filters, '--json'], { answers });
  return json.tasks.map((task: { version: string }) => task.version);
};

describe('status with filters', () => {
  it.each([
    [['failed'], ['8']],
    [['billing'], ['007', '9']],
    [['announce'], ['9']],
    [['7'], ['007']],
    [['0010'], ['10']],
    [['import_*'], ['007', '8']],
    [['import_user?'], ['8']],
    [['[89]'], ['8', '9']],
    [['8_import_users.ts'], ['8']],
    [['tasks/8_import_users.ts'], ['8']],
    [['changed'], ['007']],
    [['behind'], ['10']],
    [
      ['pending', 'failed'],
      ['8', '10'],
    ],
    [['in-doubt'], []],
    [[], ['007', '8', '9', '10']],
  ])('%j shows %j', async (filters, versions) => {
    expect(await shown(...filters)).toEqual(versions);
  });

  it.each([
    ['faild', 'did you mean "failed"'],
    ['biling', 'did you mean "billing"'],
    ['prices', 'did you mean "import_prices"'],
    ['[z-a]', 'is no state, tag or task'],
    ['(', 'is no state, tag or task'],
    ['77', 'is no state, tag or task'],
    ['nothing_like_it_*', 'is no state, tag or task'],
  ])('refuses %s, and says what may be meant', async (filter, hint) => {
    const { code, stdout, stderr } = await commandLine(['status', 'failed', filter], { answers });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${JSON.stringify(filter)} is no state`);
    expect(stderr).toContain(hint);
  });

  it('needs nobody for what was not asked for', async () => {
    const { stdout } = await commandLine(['status', 'announce'], { answers });

    expect(stdout).not.toContain('needs you');
  });

  it('counts the versions that were taken over and are of no task, and lists them as JSON', async () => {
    const taken = [3, 4].map((version) =>
      taskStatus({ version: `${version}`, name: '', state: 'baselined' }),
    );
    const withTaken = { status: () => partyStatus({ tasks: [...taken, ...tasks] }) };

    const { stdout } = await commandLine(['status'], { answers: withTaken });
    const { json } = await commandLine(['status', '--json'], { answers: withTaken });

    expect(stdout).toContain('\n2 more versions are baselined, of no task here\n');
    expect(stdout).not.toContain('  baselined  3');
    expect(json.tasks).toHaveLength(6);
  });
});

describe('status --check', () => {
  it('ends with 3 and says why, in one line', async () => {
    const { code, stdout, stderr } = await commandLine(['status', '--check'], { answers });

    expect(code).toBe(3);
    expect(stdout).toContain('import_users');
    expect(stderr).toBe('check failed: 1 failed (import_users), 1 pending (drop_old)\n');
  });

  it.each(['pending', 'failed', 'in-doubt', 'stale', 'interrupted', 'paused', 'damaged'])(
    'ends with 3 where a task is %s',
    async (state) => {
      const status = () => partyStatus({ tasks: [taskStatus({ state })] });
      const { code, json } = await commandLine(['status', '--check', '--json'], { answers: { status } });

      expect(code).toBe(3);
      expect(json.tasks).toMatchObject([{ state }]);
    },
  );

  it.each(['succeeded', 'running', 'skipped', 'cancelled', 'baselined', 'manual', 'every-deploy'])(
    'ends with 0 where all are %s',
    async (state) => {
      const status = () => partyStatus({ tasks: [taskStatus({ state })] });

      expect(await commandLine(['status', '--check'], { answers: { status } })).toMatchObject({
        code: 0,
        stderr: '',
      });
    },
  );

  it('is of what the filters name', async () => {
    expect(await commandLine(['status', '--check', 'billing'], { answers })).toMatchObject({ code: 0 });
  });
});

describe('status --compare', () => {
  const staging = partyStatus({
    environment: 'staging',
    stack: 'Shop-staging',
    tasks: [
      taskStatus({ version: '7', name: 'import_prices', state: 'succeeded' }),
      taskStatus({ version: '8', name: 'import_users', state: 'succeeded' }),
      taskStatus({ version: '11', name: 'brand_new' }),
    ],
  });
  const parties = (options: { env?: string; stack?: string }) => {
    if (options.env === 'production') return answers;
    if (options.stack === 'Shop-staging' || options.env === 'staging') return { status: () => staging };
    return options.env === undefined
      ? new PartyError('no-stack', `there is no stack "${options.stack}"`)
      : new PartyError(
          'unknown-environment',
          `no environment "${options.env}"`,
          'there are: staging, production',
        );
  };
  const compared = (names: string, ...more: string[]) =>
    commandLine(['status', '--compare', names, ...more], { parties });

  it('puts two environments side by side', async () => {
    const { code, stdout, stderr } = await compared('staging,production');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`staging · Shop-staging/Tasks · 123456789012 eu-west-1 · not deployed yet
production · Shop-prod/Tasks · 123456789012 eu-west-1 · not deployed yet

     VERSION  TASK           staging    production
     7        import_prices  succeeded  succeeded
  ≠  8        import_users   succeeded  failed
  ≠  9        announce       –          every-deploy
  ≠  10       drop_old       –          pending
  ≠  11       brand_new      pending    –

4 of 5 differ
`);
  });

  it('takes stacks too, and filters', async () => {
    const { json } = await compared('Shop-staging, production', 'import_*', '--json');

    expect(json).toMatchObject({
      environments: [{ environment: 'staging' }, { environment: 'production' }],
      tasks: [
        {
          version: '7',
          name: 'import_prices',
          differs: false,
          in: [{ state: 'succeeded' }, { version: '007' }],
        },
        { version: '8', differs: true, in: [{ state: 'succeeded' }, { state: 'failed' }] },
      ],
    });
    expect(json.environments[0]).not.toHaveProperty('tasks');
  });

  it('says of a name that is neither which environments there are', async () => {
    expect(await compared('stagin,production')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there are: staging, production'),
    });
  });

  it.each(['staging', 'staging,staging', 'staging,', 'a,b,c', ','])('refuses %s', async (names) => {
    expect(await compared(names)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not name two environments'),
    });
  });

  it.each([['--check'], ['--stack', 'x'], ['--env', 'x'], ['--local']])(
    'refuses %s beside it',
    async (...flags) => {
      expect(await compared('staging,production', ...flags)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('cannot be used with'),
      });
    },
  );
});
