import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunnerEnvironmentOptions,
  readLocalEnv,
  runnerEnvironment,
} from '../../../functions/local/runner-environment.ts';

const database = { endpoint: 'http://127.0.0.1:9/db', noAwsEndpoint: 'http://127.0.0.1:9/db/aws' };
const machine = {
  PATH: '/bin',
  HOME: '/home/me',
  SHOP_SECRET: 'of the shell',
  AWS_PROFILE: 'live',
  AWS_ACCESS_KEY_ID: 'real',
  AWS_SECRET_ACCESS_KEY: 'real',
  AWS_SESSION_TOKEN: 'real',
  AWS_REGION: 'eu-west-1',
};

const environment = (given: Partial<RunnerEnvironmentOptions> = {}) =>
  runnerEnvironment({ database, machine, tasks: [], party: {}, withAws: false, ...given });

describe('runnerEnvironment', () => {
  it('keeps real AWS out of reach, whatever the machine and the tasks’ variables say', () => {
    const tasks = [
      { AWS_PROFILE: 'live', AWS_ENDPOINT_URL_S3: 'https://s3', AWS_SESSION_TOKEN: 'real', TABLE: 't' },
    ];

    expect(environment({ tasks })).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      TZ: 'UTC',
      TABLE: 't',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: database.noAwsEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    });
  });

  it('hands on the machine’s AWS when asked to, but for DynamoDB', () => {
    const tasks = [
      { AWS_ENDPOINT_URL_DYNAMODB: 'https://dynamodb.eu-west-1.amazonaws.com', AWS_REGION: 'eu-west-2' },
    ];

    expect(environment({ withAws: true, tasks })).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      TZ: 'UTC',
      AWS_PROFILE: 'live',
      AWS_ACCESS_KEY_ID: 'real',
      AWS_SECRET_ACCESS_KEY: 'real',
      AWS_SESSION_TOKEN: 'real',
      AWS_REGION: 'eu-west-2',
      AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    });
  });

  it('lets later variables of the tasks, and the party’s own, win', () => {
    const tasks = [
      { LEVEL: 'info', TABLE: 'made' },
      { LEVEL: 'debug', AFTER_PARTY_TABLE: 'theirs' },
    ];
    expect(environment({ tasks, party: { AFTER_PARTY_TABLE: 'ours' } })).toMatchObject({
      LEVEL: 'debug',
      TABLE: 'made',
      AFTER_PARTY_TABLE: 'ours',
    });
  });
});

describe('readLocalEnv', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tasks-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads dotenv syntax', async () => {
    await writeFile(
      join(folder, '.env.local'),
      '# ours\nLEVEL=debug\nexport GREETING="hello # you"\nEMPTY=\n',
    );
    expect(await readLocalEnv(folder)).toEqual({ LEVEL: 'debug', GREETING: 'hello # you', EMPTY: '' });
  });

  it('is empty without the file', async () => {
    expect(await readLocalEnv(folder)).toEqual({});
  });

  it('names a file that cannot be read', async () => {
    await mkdir(join(folder, '.env.local'));
    await expect(readLocalEnv(folder)).rejects.toMatchObject({
      code: 'local-env',
      message: expect.stringContaining('.env.local cannot be read: EISDIR'),
    });
  });
});
