import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import type { Json } from '../task/source.ts';
import { S3File, type S3Location } from './s3-file.ts';
import { StreamFile, type StreamOpener } from './stream-file.ts';

/** Where a file is. A function gives its bytes, and is called again for each slice. */
export type FileLocation = S3Location | StreamOpener;

/** A file of lines, by its bytes. */
export type OpenFile = S3File | StreamFile;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const fileCursorSchema = v.strictObject({
  /** Where the next line begins. */
  byte: count,
  /** How many lines are before it. */
  line: count,
  etag: v.exactOptional(v.string()),
});
export type FileCursor = v.InferOutput<typeof fileCursorSchema>;

/** How much is handed on at a time, so that few rows wait in memory. */
const CHUNK_BYTES = 64 * 1024;

export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function openFile(location: FileLocation, cursor: FileCursor | undefined): OpenFile {
  return typeof location === 'function' ? new StreamFile(location) : new S3File(location, cursor?.etag);
}

/** Where reading goes on after the line that ends before `byte`. */
export function fileCursor(file: OpenFile, byte: number, line: number): Json {
  const { etag } = file;
  return etag === undefined ? { byte, line } : { byte, line, etag };
}

/**
 * The bytes from an offset on, without the byte order mark of UTF-8.
 * @throws PartyError `bad-encoding` for UTF-16
 */
export async function* readChunks(
  file: OpenFile,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  let position = offset;
  let begun = offset > 0;
  let beginning: Uint8Array = new Uint8Array();
  for await (const bytes of file.read(offset, signal)) {
    if (begun) {
      yield* cut(position, bytes);
      position += bytes.length;
      continue;
    }
    beginning = Buffer.concat([beginning, bytes]);
    if (beginning.length < 3) continue;
    begun = true;
    const mark = byteOrderMarkLength(beginning, file);
    yield* cut(mark, beginning.subarray(mark));
    position = beginning.length;
  }
  if (!begun && beginning.length > 0) yield { offset: 0, bytes: beginning };
}

function* cut(offset: number, bytes: Uint8Array): Generator<Chunk> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    yield { offset: offset + start, bytes: bytes.subarray(start, start + CHUNK_BYTES) };
  }
}

function byteOrderMarkLength([first, second, third]: Uint8Array, file: OpenFile): number {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 3;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new PartyError('bad-encoding', `${file.name}, line 1: the file is UTF-16`, 'save it as UTF-8');
  }
  return 0;
}
