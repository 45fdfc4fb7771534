import { PartyError } from '../errors.ts';

/** The largest row or line that is held in memory. */
export const LARGEST_LINE_BYTES: number = 16 * 1024 * 1024;

/**
 * Turns bytes into text; the encoding is one that `TextDecoder` knows and that keeps ASCII as it is.
 * @throws RangeError for an encoding that does not exist or that does not keep ASCII
 */
export function lineDecoder(encoding: string): (bytes: Uint8Array, where: string) => string {
  // A byte order mark inside the file is text.
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  if (decoder.encoding.startsWith('utf-16')) {
    throw new RangeError(
      `encoding ${JSON.stringify(encoding)} is not one of lines of ASCII: save the file as UTF-8`,
    );
  }
  return (bytes, where) => {
    try {
      return decoder.decode(bytes);
    } catch (error) {
      throw new PartyError(
        'bad-encoding',
        `${where} is not ${decoder.encoding === 'utf-8' ? 'UTF-8' : decoder.encoding}`,
        "save the file as UTF-8, or name its encoding, such as encoding: 'windows-1252'",
        { cause: error },
      );
    }
  };
}
