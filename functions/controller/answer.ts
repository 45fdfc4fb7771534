import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingAnswer } from '../ledger/records.ts';
import { cutBytes, oneParagraph } from './text.ts';

/**
 * CloudFormation refuses longer responses: "Response object is too long".
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
const RESPONSE_LIMIT = 4_096;
const REASON_CHARACTERS = 600;
const PAUSES_MS = [0, 500, 2_000, 5_000];
const TRY_MS = 10_000;

/** How a custom resource request ended. */
export interface CloudFormationAnswer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly text: string;
}

/** The response's body, always under CloudFormation's limit of 4,096 bytes. */
export function responseBody(
  request: Omit<PendingAnswer, 'schema' | 'responseUrl'>,
  answer: CloudFormationAnswer,
): Uint8Array {
  const body = (text: string): Uint8Array =>
    new TextEncoder().encode(
      JSON.stringify({
        Status: answer.status,
        // CloudFormation shows the reason of a failure, and takes the data of a success.
        ...(answer.status === 'FAILED' ? { Reason: text } : { Data: { Outcome: text } }),
        PhysicalResourceId: request.physicalResourceId,
        StackId: request.stackId,
        RequestId: request.requestId,
        LogicalResourceId: request.logicalResourceId,
      }),
    );
  // JSON may write a character of it as six bytes.
  let text = oneParagraph(answer.text, REASON_CHARACTERS);
  let bytes = body(text);
  while (bytes.length >= RESPONSE_LIMIT) {
    text = cutBytes(text, Math.floor(Buffer.byteLength(text) * 0.8));
    bytes = body(text);
  }
  return bytes;
}

/**
 * Sends the response; a URL that S3 refuses for good counts as sent, since no later try can change that.
 * @throws Error without the URL, after four tries
 */
export async function putResponse(
  url: string,
  body: Uint8Array,
): Promise<{ delivered: boolean; detail: string }> {
  let last = '';
  for (const pause of PAUSES_MS) {
    await sleep(pause);
    try {
      // Bytes, not a string: a string would get a Content-Type header that the URL is not signed for.
      const response = await fetch(url, {
        method: 'PUT',
        body: Buffer.from(body),
        signal: AbortSignal.timeout(TRY_MS),
      });
      await response.arrayBuffer();
      if (response.ok) return { delivered: true, detail: `HTTP ${response.status}` };
      last = `HTTP ${response.status}`;
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        return { delivered: false, detail: last };
      }
    } catch (error) {
      last = describe(error);
    }
  }
  throw new Error(`CloudFormation could not be answered after ${PAUSES_MS.length} tries: ${last}`);
}

/** The name of a network error alone: its message may quote the URL. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error instanceof Error ? error.name : typeof error;
}
