import { isPartyError, messageOf, PartyError } from '../../functions/errors.ts';

/** What was being asked of AWS, for the explanation of a refusal. */
export interface AwsCall {
  /** The IAM action, e.g. `lambda:InvokeFunction`. */
  readonly action: string;
  readonly resource: string;
  /** What gives the permission. */
  readonly grant: string;
  /** That of `--profile` or AWS_PROFILE. */
  readonly profile: string | undefined;
}

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const INVALID = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'AuthFailure',
]);
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'TimeoutError',
]);
/** What the SDK and the portal say of a sign-on that has to be made again; a missing `sso-session` is none. */
const SIGNED_OFF = /SSO session (associated|token)|SSO Token|Token is expired|UnauthorizedException/;
const DENIED = /^(\w*AccessDenied(Exception)?|UnauthorizedOperation)$/;

/** Says in a sentence why AWS did not answer, and what helps. */
export function explainAwsError(error: unknown, call: AwsCall): PartyError {
  if (isPartyError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const code = error instanceof Error && 'code' in error ? String(error.code) : name;
  const message = messageOf(error);
  const explained = (kind: string, text: string, resolution: string) =>
    new PartyError(kind, text, resolution, { cause: error });

  if (name === 'CredentialsProviderError' || name === 'ProviderError' || name === 'TokenProviderError') {
    return explained('no-credentials', ...withoutCredentials(message, call.profile));
  }
  if (EXPIRED.has(name)) {
    return explained('no-credentials', 'the AWS credentials have expired', signIn('aws sso login', call));
  }
  if (INVALID.has(name)) {
    return explained(
      'no-credentials',
      `AWS does not accept the credentials: ${message}`,
      'check --profile, AWS_PROFILE and the AWS_* keys that are set',
    );
  }
  if (/region is missing/i.test(message)) {
    const place = call.profile === undefined ? '' : `, and the profile "${call.profile}" names none`;
    return explained(
      'no-region',
      `no AWS region is known${place}`,
      'name it with --region, or set AWS_REGION or the region of the profile',
    );
  }
  if (/uv_os_homedir/.test(message)) {
    return explained(
      'no-home',
      'this user has no home folder, in which ~/.aws would be looked for',
      'set HOME to a folder; an empty one will do where credentials and region are in AWS_* variables',
    );
  }
  if (/^Region not accepted/.test(message))
    return explained('no-region', message, 'check --region: a region is named like eu-west-1');
  if (DENIED.test(name)) return explained('no-permission', ...denied(message, call));
  if (UNREACHABLE.has(code)) {
    return explained(
      'unreachable',
      `AWS cannot be reached: ${message}`,
      'check --region, the network, and AWS_ENDPOINT_URL if it is set',
    );
  }
  return explained(
    'aws-error',
    `${call.action} on ${call.resource} failed: ${name}: ${message}`,
    'try again; if it stays, check the AWS Health Dashboard',
  );
}

function withoutCredentials(message: string, profile: string | undefined): [what: string, help: string] {
  const place = profile === undefined ? '' : ` for the profile "${profile}"`;
  if (SIGNED_OFF.test(message)) {
    return [`the AWS sign-on${place} has expired or was never made`, signIn('aws sso login', { profile })];
  }
  if (/\baws login\b/.test(message))
    return [`the AWS sign-on${place} is over: ${message}`, signIn('aws login', { profile })];
  if (/multi-factor/.test(message)) {
    const named = profile === undefined ? '' : ` --profile ${profile}`;
    return [
      `the AWS credentials${place} need a code, which this program cannot ask for`,
      `put a session into the shell, and leave out --profile: eval "$(aws configure export-credentials${named} --format env)"`,
    ];
  }
  return [
    `no AWS credentials were found${place}: ${message}`,
    'name a profile of ~/.aws/config with --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ];
}

function signIn(command: string, { profile }: Pick<AwsCall, 'profile'>): string {
  return `sign in again: ${command}${profile === undefined ? '' : ` --profile ${profile}`}`;
}

/** AWS names the action that is missing; it may be another one than was called, such as the profile's role. */
function denied(message: string, call: AwsCall): [what: string, help: string] {
  const [, named, on] = /not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?/.exec(message) ?? [];
  const action = named ?? call.action;
  const what = `AWS does not let you call ${action} on ${named === undefined ? call.resource : (on ?? call.resource)}: ${message}`;
  const policy = /explicit deny in an? ([\w -]+? policy|[\w -]*boundary)/.exec(message)?.[1];
  if (policy !== undefined)
    return [what, `a grant does not help: ask whoever keeps the ${policy} that denies it`];
  if (action === 'sts:AssumeRole')
    return [
      what,
      `the role of ${call.profile ?? 'the profile'} must trust you, and you need ${action} on it`,
    ];
  if (/^kms:/.test(action)) return [what, `allow ${action} to your role in the policy of that key`];
  return [what, call.grant];
}
