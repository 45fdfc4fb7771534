import { Readable } from 'node:stream';
import type { StreamOpener } from '../../../functions/sources/index.ts';

/** A stream of these bytes in pieces of a size that cuts characters and line ends apart. */
export function inPieces(content: string | Uint8Array, size: number): StreamOpener {
  const bytes = Buffer.from(content);
  return () =>
    Readable.from(
      (function* () {
        for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
      })(),
    );
}
