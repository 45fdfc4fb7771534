import type { ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { parseCursor } from './cursor.ts';
import { oneAhead } from './one-ahead.ts';
import { explainS3, openS3 } from './s3.ts';
import type { S3Location } from './s3-file.ts';

const cursorSchema = v.strictObject({ startAfter: v.string() });

export interface S3ObjectsOptions {
  readonly bucket: string;
  /**
   * What the keys begin with.
   * @default - all objects
   */
  readonly prefix?: string;
  /**
   * What lists them, and reads what is made of them.
   * @default - a client with the Lambda's region and role
   */
  readonly client?: S3Client;
}

/** An object in S3, which `csv` and `jsonLines` take as it is. */
export interface S3Object extends S3Location {
  /** In bytes. */
  readonly size: number;
  /** What S3 calls its content. */
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
}

/**
 * The objects of a bucket, in the order of their keys. Objects that are written while it runs are seen if their
 * key comes later; deleting those that were seen is no matter. Not for directory buckets, which have no order.
 *
 * Reading throws PartyError `cannot-read-s3` where the bucket may not be listed, and RangeError for a cursor of
 * another source.
 */
export function s3Objects(options: S3ObjectsOptions): Source<S3Object> {
  const { bucket, prefix, client } = options;

  async function* read({ cursor, signal }: ReadPosition): AsyncGenerator<readonly [S3Object, Json]> {
    const start = parseCursor(cursorSchema, cursor, 's3Objects')?.startAfter;
    for await (const page of oneAhead((closed) => pages(start, closed), signal)) {
      for (const { Key, Size = 0, ETag, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        const key = page.EncodingType === 'url' ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key;
        const location = client === undefined ? { bucket, key } : { bucket, key, client };
        yield [{ ...location, size: Size, etag: ETag, lastModified: LastModified }, { startAfter: key }];
      }
    }
  }

  async function* pages(
    startAfter: string | undefined,
    abortSignal: AbortSignal,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    const { client: s3, commands } = await openS3(client);
    let token: string | undefined;
    do {
      const command = new commands.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        StartAfter: startAfter,
        ContinuationToken: token,
        // XML cannot hold every character that a key may have.
        EncodingType: 'url',
      });
      const page = await s3.send(command, { abortSignal }).catch((error: unknown) => {
        throw explainS3(error, `cannot list s3://${bucket}/${prefix ?? ''}`);
      });
      yield page;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  return sourceOf({ splits: false, read });
}
