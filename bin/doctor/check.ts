import { isPartyError } from '../../functions/errors.ts';

/** `unknown`: it could not be looked into, or there is nothing that would have to be right. */
export type CheckState = 'ok' | 'wrong' | 'unknown';

/** One thing that `doctor` looked into. */
export interface Check {
  readonly check: string;
  readonly state: CheckState;
  readonly message: string;
  /** What to do about it. */
  readonly resolution: string | null;
}

export function ok(check: string, message: string): Check {
  return { check, state: 'ok', message, resolution: null };
}

export function wrong(check: string, message: string, resolution: string | null): Check {
  return { check, state: 'wrong', message, resolution };
}

export function unknown(check: string, message: string): Check {
  return { check, state: 'unknown', message, resolution: null };
}

/**
 * What went wrong, as a person reads it.
 * @throws what nobody foresaw, as it is
 */
export function failed(check: string, error: unknown): Check {
  if (!isPartyError(error)) throw error;
  return wrong(check, error.message, error.resolution ?? null);
}
