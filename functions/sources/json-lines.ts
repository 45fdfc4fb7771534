import { messageOf, PartyError } from '../errors.ts';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { parseCursor, shown } from './cursor.ts';
import { type FileLocation, fileCursor, fileCursorSchema, openFile, readChunks } from './file.ts';
import { lineDecoder } from './line-text.ts';
import { readLines } from './lines.ts';

export interface JsonLinesOptions {
  /** An object in S3, or a function that opens a stream of the file's bytes, for each slice anew. */
  readonly from: FileLocation;
}

/**
 * The values of a file that holds one JSON value a line, in UTF-8. A byte order mark, CRLF and empty lines are no
 * matter; a line has at most 16 MB.
 *
 * Reading throws PartyError `bad-row` and `bad-encoding`, each with the file and the line, after all lines before
 * it; `cannot-read-s3`; and RangeError for a cursor of another source, or of a file that has been replaced since,
 * as far as that shows.
 */
export function jsonLines<Item = Json>(options: JsonLinesOptions): Source<Item> {
  const decode = lineDecoder('utf-8');
  async function* read({ cursor, signal }: ReadPosition): AsyncGenerator<readonly [Item, Json]> {
    const start = parseCursor(fileCursorSchema, cursor, 'jsonLines');
    const file = openFile(options.from, start);
    const chunks = readChunks(file, start?.byte ?? 0, signal);
    for await (const line of readLines(chunks, file, start?.line ?? 0)) {
      const where = `${file.name}, line ${line.number}`;
      const text = decode(line.bytes, where);
      if (text.trim() === '') continue;
      yield [parse(text, where) as Item, fileCursor(file, line.nextByte, line.number)];
    }
  }
  return sourceOf({ splits: false, read });
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PartyError(
      'bad-row',
      `${where}: ${shown(text)} is not JSON: ${messageOf(error)}`,
      'write one JSON value a line',
      { cause: error },
    );
  }
}
