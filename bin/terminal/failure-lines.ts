import { isPartyError, messageOf } from '../../functions/errors.ts';
import type { Colours } from './colours.ts';
import { safeText } from './safe-text.ts';

/** What went wrong, for programs. */
export interface FailureDocument {
  readonly error: { readonly code: string; readonly message: string; readonly resolution: string | null };
}

export function failureDocument(error: unknown): FailureDocument {
  if (isPartyError(error)) {
    return { error: { code: error.code, message: error.message, resolution: error.resolution ?? null } };
  }
  return {
    error: {
      code: 'unexpected',
      message: messageOf(error),
      resolution: 'this is a mistake in after-party: please report it',
    },
  };
}

/** What went wrong and what to do, for people; what nobody foresaw, with its stack. */
export function failureLines(error: unknown, colours: Colours): string[] {
  const { message, resolution } = failureDocument(error).error;
  const stack =
    !isPartyError(error) && error instanceof Error && error.stack !== undefined
      ? [safeText(error.stack)]
      : [];
  return [
    `${colours.bad('error')} ${safeText(message)}`,
    ...(resolution === null
      ? []
      : safeText(resolution)
          .split('\n')
          .map((line) => `      ${line}`)),
    ...stack,
  ];
}
