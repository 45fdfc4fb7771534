import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { STATUS_ALIAS } from '../../functions/controller/read-requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { explainAwsError } from './aws-errors.ts';
import { isRead } from './party-client.ts';

/** Lambda takes 6 MB. */
const LARGEST_PAYLOAD = 6 * 1024 * 1024;

/**
 * Sends one request to a deployed controller and returns its answer as it is.
 * @throws PartyError `too-large`, and where the function may not be called, is gone, or broke off
 */
export async function invokeController(
  client: LambdaClient,
  target: { readonly functionName: string; readonly profile?: string | undefined },
  request: { readonly request: string },
): Promise<unknown> {
  const read = isRead(request);
  const { functionName, profile } = target;
  const payload = Buffer.from(JSON.stringify(request));
  if (payload.length > LARGEST_PAYLOAD) throw tooLarge(payload.length);
  const invoked = await client
    .send(
      new InvokeCommand({
        FunctionName: functionName,
        Payload: payload,
        // All that `grantStatus` gives access to.
        ...(read && { Qualifier: STATUS_ALIAS }),
      }),
    )
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException')
        throw goneFunction(functionName, error);
      throw explainAwsError(error, {
        action: 'lambda:InvokeFunction',
        resource: read ? `${functionName}:${STATUS_ALIAS}` : functionName,
        grant: `let the app grant it to your role: party.${read ? 'grantStatus' : 'grantOperate'}(role)`,
        profile,
      });
    });
  const text = Buffer.from(invoked.Payload ?? []).toString('utf8');
  const answer = parse(text);
  if (invoked.FunctionError !== undefined) throw brokenFunction(functionName, answer ?? text);
  return answer;
}

/** What is no JSON is `undefined`: the client then says that this was no answer. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function tooLarge(bytes: number): PartyError {
  const size = (bytes / 1024 / 1024).toFixed(1);
  return new PartyError(
    'too-large',
    `the request has ${size} MB, and Lambda takes at most 6`,
    'put large data into a file in S3, and hand the task its name in the params',
  );
}

function goneFunction(functionName: string, cause: Error): PartyError {
  const message = `the stack's controller function ${functionName} does not exist any more: ${cause.message}`;
  return new PartyError('no-controller', message, 'deploy the stack again: npx cdk deploy', { cause });
}

function brokenFunction(functionName: string, payload: unknown): PartyError {
  const field = (name: string) =>
    typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
  const reason = field('errorMessage') ?? JSON.stringify(payload);
  return new PartyError(
    'controller-failed',
    `the controller ${functionName} broke off: ${[field('errorType'), reason].filter(Boolean).join(': ')}`,
    `its log group says more: aws logs tail /aws/lambda/${functionName}`,
  );
}
