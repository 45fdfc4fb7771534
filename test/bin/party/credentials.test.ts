import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../../bin/party/connect.ts';
import { AwsPlace } from './aws-place.ts';
import { startFakeAws } from './fake-aws.ts';

const place = new AwsPlace();
place.setUp();

describe('a deployed party is not reached', () => {
  it('without a region, credentials, or a known profile', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    await expect(place.open({})).rejects.toMatchObject({
      code: 'no-region',
      resolution: expect.stringContaining('--region'),
    });
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await expect(place.open({})).rejects.toMatchObject({
      code: 'no-credentials',
      resolution: expect.stringContaining('--profile'),
    });
    await expect(place.open({}, { profile: 'nobody' })).rejects.toMatchObject({
      code: 'no-credentials',
      message: expect.stringContaining('"nobody"'),
    });
  });

  it('where the sign-on has expired', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const sso = [
      'sso_start_url=https://x.awsapps.com/start',
      'sso_region=eu-west-1',
      'sso_account_id=1',
      'sso_role_name=r',
    ];
    await writeFile(join(place.folder, 'config'), `[profile signed]\n${sso.join('\n')}\n`);
    await expect(place.open({}, { profile: 'signed' })).rejects.toMatchObject({
      code: 'no-credentials',
      resolution: 'sign in again: aws sso login --profile signed',
    });
  });

  it('where AWS cannot be reached', async () => {
    const gone = await startFakeAws({});
    await gone.stop();
    vi.stubEnv('AWS_ENDPOINT_URL', gone.url);

    const opened = connect({ stack: 'S' }, { cwd: place.folder, env: {}, onWarning: () => {} });

    await expect(opened).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('reads a profile and its region', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await writeFile(
      join(place.folder, 'config'),
      '[profile shop]\nregion=eu-north-1\naws_access_key_id=a\naws_secret_access_key=b\n',
    );

    const resources = { error: 'ValidationError', message: 'Stack with id Shop-prod does not exist' };

    await expect(place.open({ resources }, { profile: 'shop' })).rejects.toMatchObject({
      message: expect.stringContaining('eu-north-1'),
    });
  });
});
