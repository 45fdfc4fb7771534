import { PartyError } from '../errors.ts';
import type { Chunk, OpenFile } from './file.ts';
import { LARGEST_LINE_BYTES } from './line-text.ts';

export interface Line {
  /** Without its LF. */
  readonly bytes: Uint8Array;
  readonly number: number;
  /** Where the next line begins. */
  readonly nextByte: number;
}

const LF = 0x0a;

/**
 * The lines of a file; the last needs no LF.
 * @throws PartyError `bad-row` for a line too long to be held
 */
export async function* readLines(
  chunks: AsyncIterable<Chunk>,
  file: OpenFile,
  linesBefore: number,
): AsyncGenerator<Line> {
  let number = linesBefore;
  let end = 0;
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const { offset, bytes } of chunks) {
    end = offset + bytes.length;
    let start = 0;
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, start)) {
      const piece = bytes.subarray(start, lf);
      number += 1;
      start = lf + 1;
      const line = begunBytes === 0 ? piece : Buffer.concat([...begun, piece]);
      begun = [];
      begunBytes = 0;
      yield { bytes: line, number, nextByte: offset + start };
    }
    begun.push(bytes.subarray(start));
    begunBytes += bytes.length - start;
    if (begunBytes > LARGEST_LINE_BYTES) {
      throw new PartyError(
        'bad-row',
        `${file.name}, line ${number + 1}: the line has more than ${LARGEST_LINE_BYTES / 1024 / 1024} MB`,
        'write one value a line',
      );
    }
  }
  if (begunBytes > 0) yield { bytes: Buffer.concat(begun), number: number + 1, nextByte: end };
}
