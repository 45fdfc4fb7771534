import { PartyError } from '../errors.ts';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { checkHeader, listed, noHeader } from './csv-header.ts';
import { type CsvRow, readRows } from './csv-rows.ts';
import { parseCursor } from './cursor.ts';
import {
  type FileCursor,
  type FileLocation,
  fileCursor,
  fileCursorSchema,
  type OpenFile,
  openFile,
  readChunks,
} from './file.ts';
import { lineDecoder } from './line-text.ts';

export interface CsvOptions<Column extends string = string> {
  /** An object in S3, or a function that opens a stream of the file's bytes, for each slice anew. */
  readonly from: FileLocation;
  /**
   * Whether the first row names the columns.
   * @default true
   */
  readonly header?: boolean;
  /**
   * The columns that the header must have, in any order; without a header, the names of the values in theirs.
   * @default - whatever the header names
   */
  readonly columns?: readonly Column[];
  /**
   * What stands between two values.
   * @default ','
   */
  readonly delimiter?: string;
  /**
   * The file's encoding, one that `TextDecoder` knows and that holds ASCII, such as `'windows-1252'`.
   * @default 'utf-8'
   */
  readonly encoding?: string;
}

/**
 * The rows of a CSV file, each an object of texts by column. Values in double quotes may hold delimiters, doubled
 * quotes and line breaks; a byte order mark, CRLF and empty lines are no matter; a value has at most 16 MB.
 *
 * Reading throws PartyError `bad-row`, `bad-header` and `bad-encoding`, each with the file and the line, after all
 * rows before it; `cannot-read-s3`; and RangeError for a cursor of another source, or of a file that has been
 * replaced since, as far as that shows.
 * @throws TypeError for no header and no columns; RangeError for an unknown encoding
 */
export function csv<const Column extends string = string>(
  options: CsvOptions<Column>,
): Source<Record<Column, string>> {
  const { from, header: hasHeader = true, columns, delimiter = ',', encoding = 'utf-8' } = options;
  if (!hasHeader && columns === undefined) {
    throw new TypeError('csv without a header needs columns: the names of the values, in their order');
  }
  const decode = lineDecoder(encoding);

  async function* read(
    position: ReadPosition,
  ): AsyncGenerator<readonly [item: Record<Column, string>, cursor: Json]> {
    const start = parseCursor(fileCursorSchema, position.cursor, 'csv');
    const file = openFile(from, start);
    let header: readonly string[] | undefined = hasHeader ? undefined : columns;
    if (hasHeader && start !== undefined) header = await readHeader(file, position.signal);
    for await (const row of rowsOf(file, start, position.signal)) {
      if (header === undefined) {
        header = headerOf(row, file);
        continue;
      }
      yield [rowObject(header, row, file), fileCursor(file, row.nextByte, row.lines)];
    }
    if (header === undefined) throw noHeader(file.name);
  }

  async function readHeader(file: OpenFile, signal: AbortSignal): Promise<readonly string[]> {
    for await (const row of rowsOf(file, undefined, signal)) return headerOf(row, file);
    throw noHeader(file.name);
  }

  function rowsOf(
    file: OpenFile,
    start: FileCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<CsvRow> {
    const chunks = readChunks(file, start?.byte ?? 0, signal);
    return readRows(chunks, { file, delimiter, linesBefore: start?.line ?? 0 });
  }

  function headerOf(row: CsvRow, file: OpenFile): readonly string[] {
    return checkHeader(texts(row, file), columns, `${file.name}, line ${row.line}`);
  }

  function rowObject(header: readonly string[], row: CsvRow, file: OpenFile): Record<Column, string> {
    const values = texts(row, file);
    if (values.length !== header.length) {
      throw new PartyError(
        'bad-row',
        `${file.name}, line ${row.line}: a row of ${values.length} values, where there are ${header.length} columns: ${listed(header)}`,
        'correct the file',
      );
    }
    // Defines also what would otherwise be taken for more than a name, such as __proto__.
    return Object.fromEntries(header.map((name, index) => [name, values[index]])) as Record<Column, string>;
  }

  function texts(row: CsvRow, file: OpenFile): string[] {
    const where = `${file.name}, line ${row.line}`;
    return row.values.map((value) => decode(value, where));
  }

  return sourceOf({ splits: false, read });
}
