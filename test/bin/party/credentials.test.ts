import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../../bin/party/connect.ts';
import type { PartyError } from '../../../functions/errors.ts';
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
    vi.stubEnv('AWS_PROFILE', 'nobody');
    await expect(place.open({})).rejects.toMatchObject({
      code: 'no-credentials',
      message: expect.stringContaining('"nobody"'),
    });
  });

  it('by a profile that is not there', async () => {
    const none = place.open({}, { profile: 'shop-prd' });
    await expect(none).rejects.toMatchObject({
      code: 'no-profile',
      message: expect.stringContaining(join(place.folder, 'config')),
      resolution: expect.stringContaining('aws configure sso --profile shop-prd'),
    });
    await writeFile(
      join(place.folder, 'config'),
      '[default]\n[profile "shop-prod"]\n[sso-session shop-prd]\n',
    );
    await writeFile(join(place.folder, 'credentials'), '[old]\n');
    await expect(place.open({}, { profile: 'shop-prd' })).rejects.toMatchObject({
      code: 'no-profile',
      resolution: 'did you mean shop-prod? (there is default, old, shop-prod)',
    });
  });

  it.each([
    ['', 'no-region', /no AWS region is known.*profile "bare" names none.*--region/],
    ['region=no region', 'no-region', /Region not accepted: region="no region".*eu-west-1/],
  ])('where the profile says of its region: %s', async (line, code, words) => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const keys = 'aws_access_key_id=a\naws_secret_access_key=b';
    await writeFile(join(place.folder, 'config'), `[profile bare]\n${keys}\n${line}\n`);

    const error = await place.open({}, { profile: 'bare' }).catch((reason: unknown) => reason as PartyError);

    expect(error).toMatchObject({ code });
    expect(`${(error as PartyError).message} ${(error as PartyError).resolution}`).toMatch(words);
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

  it('where the session of the sign-on has expired', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_PROFILE', 'signed');
    const profile = '[profile signed]\nsso_session=corp\nsso_account_id=1\nsso_role_name=r\n';
    const session = '[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://x.awsapps.com/start\n';
    await writeFile(join(place.folder, 'config'), profile + session);
    await expect(place.open({})).rejects.toMatchObject({
      code: 'no-credentials',
      message: 'the AWS sign-on for the profile "signed" has expired or was never made',
      resolution: 'sign in again: aws sso login --profile signed',
    });
  });

  it('where a profile has no credentials, whatever it is called', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await writeFile(join(place.folder, 'config'), '[profile sso session]\nregion=eu-west-1\n');
    await expect(place.open({}, { profile: 'sso session' })).rejects.toMatchObject({
      code: 'no-credentials',
      message: expect.stringContaining('no AWS credentials were found for the profile "sso session"'),
      resolution: expect.not.stringContaining('sign in'),
    });
  });

  it('where the profile wants a code', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const role = 'role_arn=arn:aws:iam::1:role/r\nsource_profile=keys\nmfa_serial=arn:aws:iam::1:mfa/ann';
    const keys = '[profile keys]\naws_access_key_id=a\naws_secret_access_key=b';
    await writeFile(join(place.folder, 'config'), `[profile coded]\n${role}\n${keys}\n`);

    await expect(place.open({}, { profile: 'coded' })).rejects.toMatchObject({
      code: 'no-credentials',
      resolution: expect.stringContaining('aws configure export-credentials --profile coded'),
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
