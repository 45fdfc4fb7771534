import { type CsvError, type InfoRecord, Parser } from 'csv-parse';
import { PartyError } from '../errors.ts';
import type { Chunk, OpenFile } from './file.ts';
import { LARGEST_LINE_BYTES } from './line-text.ts';

/** One row, its values still bytes. */
export interface CsvRow {
  readonly values: readonly Uint8Array[];
  /** The number of the line on which it begins. */
  readonly line: number;
  /** How many lines are read with its last. */
  readonly lines: number;
  /** Where the next row begins. */
  readonly nextByte: number;
}

export interface CsvFormat {
  readonly file: OpenFile;
  readonly delimiter: string;
  /** How many lines are before the first chunk. */
  readonly linesBefore: number;
}

/**
 * The rows of a file. All rows before a malformed one are given first.
 * @throws PartyError `bad-row` naming the line
 */
export async function* readRows(chunks: AsyncIterable<Chunk>, format: CsvFormat): AsyncGenerator<CsvRow> {
  let offset: number | undefined;
  let last = { line: 0, lines: format.linesBefore };
  let rows: CsvRow[] = [];
  // csv-parse counts a CRLF inside quotes as two lines.
  let countedTwice = 0;
  const parser = new Parser({
    delimiter: format.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    encoding: null,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LARGEST_LINE_BYTES,
    on_record(record: readonly unknown[], { bytes, lines: counted }: InfoRecord) {
      // With no encoding the values are bytes, which the declarations do not know.
      const values = record as readonly Uint8Array[];
      const isOneLine = counted + format.linesBefore - countedTwice === last.lines + 1;
      const breaks = isOneLine ? [] : lineBreaksIn(values);
      countedTwice += breaks.filter((lineBreak) => lineBreak === '\r\n').length;
      const lines = format.linesBefore + counted - countedTwice;
      last = { line: lines - breaks.length, lines };
      rows.push({ values, ...last, nextByte: (offset ?? 0) + bytes });
      // Nothing goes on through the parser's own queue, which an error would empty.
      return null;
    },
  });
  function* parsed(): Generator<CsvRow> {
    const ready = rows;
    rows = [];
    yield* ready;
  }
  try {
    for await (const chunk of chunks) {
      offset ??= chunk.offset;
      await settle(parser, (done) => parser.write(chunk.bytes, done));
      yield* parsed();
    }
    await settle(parser, (done) => parser.end(done));
  } catch (error) {
    yield* parsed();
    throw isCsvError(error) ? badRow(error, `${format.file.name}, line ${last.lines + 1}`) : error;
  }
  yield* parsed();
}

function settle(parser: Parser, act: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once('error', reject);
    act((error) => {
      // It will come as the parser's event too.
      if (error) return;
      parser.off('error', reject);
      resolve();
    });
  });
}

function lineBreaksIn(values: readonly Uint8Array[]): string[] {
  return values.flatMap(
    (value) =>
      Buffer.from(value)
        .toString('latin1')
        .match(/\r\n|\r|\n/g) ?? [],
  );
}

const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a value begins with a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quote inside a quoted value is not doubled',
  INVALID_OPENING_QUOTE: 'a quote stands inside a value that does not begin with one',
  CSV_MAX_RECORD_SIZE: `a value has more than ${LARGEST_LINE_BYTES / 1024 / 1024} MB: is its quote closed?`,
};

function badRow(error: CsvError, where: string): PartyError {
  return new PartyError('bad-row', `${where}: ${PROBLEMS[error.code]}`, 'correct the file', { cause: error });
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && String(error.code) in PROBLEMS;
}
