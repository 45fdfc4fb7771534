import { isPartyError, messageOf, PartyError } from '../../functions/errors.ts';

/** What was being asked of AWS, for the explanation of a refusal. */
export interface AwsCall {
  /** The IAM action, e.g. `lambda:InvokeFunction`. */
  readonly action: string;
  readonly resource: string;
  /** What gives the permission. */
  readonly grant: string;
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

/** Says in a sentence why AWS did not answer, and what helps. */
export function explainAwsError(error: unknown, call: AwsCall): PartyError {
  if (isPartyError(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const code = error instanceof Error && 'code' in error ? String(error.code) : name;
  const message = messageOf(error);
  const explained = (kind: string, text: string, resolution: string) =>
    new PartyError(kind, text, resolution, { cause: error });

  const login = `sign in again: aws sso login${call.profile === undefined ? '' : ` --profile ${call.profile}`}`;
  if (name === 'CredentialsProviderError' && /\bsso\b/i.test(message)) {
    return explained('no-credentials', 'the AWS sign-on has expired or was never made', login);
  }
  if (name === 'CredentialsProviderError' || name === 'ProviderError') {
    const place = call.profile === undefined ? '' : ` for the profile "${call.profile}"`;
    const help =
      'name a profile of ~/.aws/config with --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    return explained('no-credentials', `no AWS credentials were found${place}: ${message}`, help);
  }
  if (EXPIRED.has(name)) return explained('no-credentials', 'the AWS credentials have expired', login);
  if (INVALID.has(name)) {
    return explained(
      'no-credentials',
      `AWS does not accept the credentials: ${message}`,
      'check --profile, AWS_PROFILE and the AWS_* keys that are set',
    );
  }
  if (/region is missing/i.test(message)) {
    return explained(
      'no-region',
      'no AWS region is known',
      'name it with --region, or set AWS_REGION or the region of the profile',
    );
  }
  if (/^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/.test(name)) {
    return explained(
      'no-permission',
      `AWS does not let you call ${call.action} on ${call.resource}: ${message}`,
      call.grant,
    );
  }
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
