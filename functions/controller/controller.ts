import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import { decideMessageSchema } from '../workflow-messages.ts';
import { answerRequest } from './answer-request.ts';
import { handleCloudFormation } from './cloudformation.ts';
import { isCloudFormationEvent, parseCloudFormationEvent } from './cloudformation-event.ts';
import { decide } from './decide.ts';
import type { ControllerPorts } from './ports.ts';
import { STATUS_ALIAS } from './read-requests.ts';

/** What the controller uses of Lambda's context. */
export interface InvocationContext {
  readonly functionName: string;
  readonly invokedFunctionArn?: string;
}

/** The function that CloudFormation, the workflow and the CLI all call. */
export type Controller = (event: unknown, context: InvocationContext) => Promise<unknown>;

/** The only place that decides: order, holds, deadline, commit, answer, crashes. */
export function createController(ports: ControllerPorts): Controller {
  return async (event, context) => {
    const readOnly =
      context.invokedFunctionArn?.endsWith(`:${context.functionName}:${STATUS_ALIAS}`) === true;
    if (!readOnly && isCloudFormationEvent(event)) {
      return handleCloudFormation(ports, parseCloudFormationEvent(event, ports.config), context.functionName);
    }
    if (!readOnly && isDecideMessage(event)) return decide(ports, parseDecideMessage(event));
    return answerRequest(ports, event, readOnly);
  };
}

function isDecideMessage(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'request' in event && event.request === 'decide';
}

function parseDecideMessage(event: unknown): v.InferOutput<typeof decideMessageSchema> {
  const parsed = v.safeParse(decideMessageSchema, event);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? 'the message';
  throw new PartyError(
    'bad-request',
    `a message of the workflow was refused: ${where}: ${parsed.issues[0].message}`,
  );
}
