import type { IConstruct } from 'constructs';
import { isPartyError } from '../functions/errors.ts';

/** An error for whoever wrote the CDK app, worded and placed as the CDK's own are. */
export function misuse(scope: IConstruct, message: string): Error {
  return new Error(`${message}, at path [${scope.node.path}]`);
}

/**
 * Does what may find mistakes in the tasks' folder, which become errors of the construct.
 * @throws Error with the message and the resolution of a PartyError
 */
export function placing<T>(scope: IConstruct, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isPartyError(error)) throw error;
    const { message, resolution } = error;
    throw misuse(scope, resolution === undefined ? message : `${message}\n${resolution}`);
  }
}
