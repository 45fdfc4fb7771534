/** An error that a person reads: what happened, and what to do about it. */
export class PartyError extends Error {
  override readonly name: string = 'PartyError';
  /** A stable word for programs, e.g. `unknown-task`. */
  readonly code: string;
  /** What to do about it, as a sentence or a command. */
  readonly resolution: string | undefined;

  constructor(code: string, message: string, resolution?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.resolution = resolution;
  }
}

/** Recognises the error by its shape: the package may be installed twice, where `instanceof` fails. */
export function isPartyError(error: unknown): error is PartyError {
  return error instanceof Error && 'code' in error && 'resolution' in error && error.name === 'PartyError';
}

/** What happened and what to do about it, in one sentence without a full stop. */
export function explain({ message, resolution }: PartyError): string {
  return resolution === undefined ? message : `${message}; ${resolution}`;
}

/** The message of anything thrown, also of what is no Error. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
}
