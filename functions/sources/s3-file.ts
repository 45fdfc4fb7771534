import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { oneAhead } from './one-ahead.ts';
import { explainS3, openS3, type S3 } from './s3.ts';

/** Small enough for memory, and fetched at once: a connection held open by slow work would be cut. */
const PART_BYTES = 2 * 1024 * 1024;
const BODY_TRIES = 3;

/** An object in S3. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
  /**
   * What reads it.
   * @default - a client with the Lambda's region and role
   */
  readonly client?: S3Client;
}

/** An object as it was when its reading began. */
export class S3File {
  readonly name: string;
  readonly #location: S3Location;
  #etag: string | undefined;

  constructor(location: S3Location, etag: string | undefined) {
    this.name = `s3://${location.bucket}/${location.key}`;
    this.#location = location;
    this.#etag = etag;
  }

  /** What S3 calls this content, once something was read of it. */
  get etag(): string | undefined {
    return this.#etag;
  }

  /** @throws RangeError where the object was replaced since its reading began */
  read(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return oneAhead((closed) => this.#parts(offset, closed), signal);
  }

  async *#parts(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const s3 = await openS3(this.#location.client);
    let start = offset;
    while (true) {
      const part = await this.#part(s3, start, signal);
      if (part === undefined) return;
      yield part.bytes;
      start += part.bytes.length;
      if (start >= part.size) return;
    }
  }

  async #part(
    s3: S3,
    start: number,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; size: number } | undefined> {
    for (let triesLeft = BODY_TRIES - 1; ; triesLeft -= 1) {
      const output = await this.#get(s3, start, signal);
      if (output?.Body === undefined) return undefined;
      this.#etag ??= output.ETag;
      try {
        const bytes = await output.Body.transformToByteArray();
        const size = Number(output.ContentRange?.split('/')[1] ?? start + bytes.length);
        return { bytes, size };
      } catch (error) {
        // The SDK tries again until the body begins, and not when it breaks off.
        if (triesLeft === 0 || signal.aborted) throw error;
      }
    }
  }

  /** Undefined where the object ends before. */
  async #get(s3: S3, start: number, signal: AbortSignal): Promise<GetObjectCommandOutput | undefined> {
    const { bucket, key } = this.#location;
    const command = new s3.commands.GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${start}-${start + PART_BYTES - 1}`,
      IfMatch: this.#etag,
    });
    try {
      return await s3.client.send(command, { abortSignal: signal });
    } catch (error) {
      if (error instanceof Error && error.name === 'InvalidRange') return undefined;
      if (error instanceof Error && error.name === 'PreconditionFailed') {
        throw new RangeError(
          `${this.name} was replaced while it was being read: what was done was of another file`,
          {
            cause: error,
          },
        );
      }
      throw explainS3(error, `cannot read ${this.name}`);
    }
  }
}
