import type { S3Client } from '@aws-sdk/client-s3';
import { messageOf, PartyError } from '../errors.ts';

type S3Module = typeof import('@aws-sdk/client-s3');

/** S3's client and commands. */
export interface S3 {
  readonly client: S3Client;
  readonly commands: Pick<S3Module, 'GetObjectCommand' | 'ListObjectsV2Command'>;
}

let sharedClient: S3Client | undefined;

/** Loaded on first use: a bundle starts without S3 in memory. */
export async function openS3(client: S3Client | undefined): Promise<S3> {
  const commands = await import('@aws-sdk/client-s3');
  if (client !== undefined) return { client, commands };
  sharedClient ??= new commands.S3Client();
  return { client: sharedClient, commands };
}

/** What S3 refused, with what to do about it; any other error as it is. */
export function explainS3(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const resolution = RESOLUTIONS[error.name];
  if (resolution === undefined) return error;
  return new PartyError('cannot-read-s3', `${what}: ${error.name}: ${messageOf(error)}`, resolution, {
    cause: error,
  });
}

const RESOLUTIONS: Readonly<Record<string, string>> = {
  AccessDenied:
    'let the party read it, as in bucket.grantRead(party); without s3:ListBucket a missing object looks the same',
  NoSuchKey: 'put the file there, or correct the key',
  NoSuchBucket: "correct the bucket's name",
  PermanentRedirect: "give a client for the bucket's region",
};
