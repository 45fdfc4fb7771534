import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import type { PartyConfig } from './ports.ts';
import { isResponseUrl } from './response-url.ts';

const eventSchema = v.object({
  RequestType: v.picklist(['Create', 'Update', 'Delete']),
  // The answer repeats both, and has little room.
  RequestId: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  ResponseURL: v.string(),
  StackId: v.string(),
  LogicalResourceId: v.pipe(v.string(), v.maxLength(255)),
  ResourceProperties: v.object({ DeployId: v.optional(v.string()) }),
});
/** What CloudFormation sends to a custom resource, as far as the controller uses it. */
export type CloudFormationEvent = v.InferOutput<typeof eventSchema>;

/** Recognises the event by the two fields that no other message has. */
export function isCloudFormationEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'RequestType' in event && 'ResponseURL' in event;
}

/**
 * Checks an event; the errors never quote the response URL, which is a credential.
 * @throws PartyError `bad-request`
 */
export function parseCloudFormationEvent(event: unknown, config: PartyConfig): CloudFormationEvent {
  const parsed = v.safeParse(eventSchema, event);
  if (!parsed.success) {
    const where = v.getDotPath(parsed.issues[0]) ?? 'the event';
    throw new PartyError(
      'bad-request',
      `a CloudFormation event whose ${where} is missing or of a wrong kind was refused`,
    );
  }
  if (parsed.output.StackId !== config.stackId) {
    throw new PartyError(
      'bad-request',
      `a CloudFormation event of the stack ${JSON.stringify(parsed.output.StackId)} was refused: this party belongs to ${config.stackId}`,
    );
  }
  if (!isResponseUrl(parsed.output.ResponseURL, config.endpointUrl)) {
    throw new PartyError(
      'bad-request',
      "a CloudFormation event was refused: its ResponseURL does not lead to one of CloudFormation's S3 buckets",
    );
  }
  return parsed.output;
}
