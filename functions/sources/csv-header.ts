import { PartyError } from '../errors.ts';

/**
 * The names that a file's header gives to its columns.
 * @throws PartyError `bad-header` for a name that is empty or there twice, and for one that is missing
 */
export function checkHeader(
  names: readonly string[],
  required: readonly string[] | undefined,
  where: string,
): readonly string[] {
  const unnamed = names.indexOf('');
  if (unnamed >= 0) throw badHeader(`${where}: column ${unnamed + 1} of the header has no name`);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw badHeader(`${where}: the header has ${JSON.stringify(twice)} twice`);
  const missing = required?.find((column) => !names.includes(column));
  if (missing !== undefined) {
    throw badHeader(`${where}: the header has no ${JSON.stringify(missing)}, only ${listed(names)}`);
  }
  return names;
}

export function noHeader(file: string): PartyError {
  return badHeader(`${file}, line 1: the file is empty, without even a header`);
}

/** The names for a message, as many as a person would read. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 40)));
  return names.length > shown.length ? `${shown.join(', ')} …` : shown.join(', ');
}

function badHeader(message: string): PartyError {
  return new PartyError('bad-header', message, 'correct the header of the file, or the columns of the task');
}
