import { PartyError } from '../errors.ts';
import { shown } from './cursor.ts';

/** A Node stream, the body of a `fetch`, or anything else that gives bytes, or UTF-8 text, piece by piece. */
export type ByteStream = AsyncIterable<Uint8Array | string>;

/** Opens the stream, each time at its beginning. */
export type StreamOpener = () => ByteStream | Promise<ByteStream>;

/** What a stream gives, of which nothing is known but its bytes. */
export class StreamFile {
  readonly etag = undefined;
  readonly #open: StreamOpener;
  #name = 'the stream';

  constructor(open: StreamOpener) {
    this.#open = open;
  }

  /** The file's path, where it is a file's stream and was opened. */
  get name(): string {
    return this.#name;
  }

  /** @throws RangeError where no line begins at the offset: it is another file than the one read before */
  async *read(offset: number): AsyncGenerator<Uint8Array> {
    const stream: unknown = await this.#open();
    if (!isByteStream(stream)) {
      throw new PartyError(
        'no-stream',
        `from returned ${shown(stream)}`,
        'return a readable stream of bytes',
      );
    }
    if ('path' in stream && typeof stream.path === 'string') this.#name = stream.path;
    let position = 0;
    let lastSkipped: number | undefined;
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(bytes instanceof Uint8Array)) {
        throw new PartyError('no-stream', `${this.#name} gave ${shown(chunk)}`, 'give a stream of bytes');
      }
      const rest = bytes.subarray(Math.max(0, offset - position));
      position += bytes.length;
      if (rest.length === 0) {
        lastSkipped = bytes.at(-1) ?? lastSkipped;
        continue;
      }
      if (rest.length < bytes.length) lastSkipped = bytes[bytes.length - rest.length - 1];
      if (lastSkipped !== undefined && !isLineEnd(lastSkipped) && !isLineEnd(rest[0])) {
        throw new RangeError(`no line of ${this.#name} begins at byte ${offset}: it is not the file it was`);
      }
      lastSkipped = undefined;
      yield rest;
    }
    if (position < offset) {
      throw new RangeError(`${this.#name} has ${position} bytes, but ${offset} of it were already read`);
    }
  }
}

function isByteStream(value: unknown): value is ByteStream {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}
