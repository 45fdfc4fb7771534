import * as v from 'valibot';
import { PartyError } from './errors.ts';
import { VERSION_PATTERN } from './task/version.ts';

export const manifestTaskSchema = v.object({
  /** The digits as the file name has them; `versionKey` gives the ledger's key. */
  version: v.pipe(v.string(), v.regex(VERSION_PATTERN)),
  name: v.string(),
  /** The path below the tasks' folder, with forward slashes. */
  file: v.string(),
  /** SHA-256 of the file's text with LF line ends, in hex. */
  checksum: v.string(),
  description: v.string(),
  when: v.picklist(['once', 'every-deploy', 'manual']),
  /** Whether deploys start it after their commit. */
  background: v.optional(v.boolean()),
  /** Names of the tasks that must have succeeded first. */
  after: v.optional(v.array(v.string())),
  /** Whether it goes through items. */
  iterates: v.optional(v.boolean()),
  /** Into what it is split, if it is. */
  splits: v.optional(v.picklist(['shards', 'keys'])),
  /** Into how many shards. */
  shards: v.optional(v.number()),
  delivery: v.picklist(['at-least-once', 'at-most-once']),
  /** Absent: the party's. */
  onFailure: v.optional(v.picklist(['fail-deploy', 'continue'])),
  tags: v.array(v.string()),
  /** Absent: all. */
  environments: v.optional(v.array(v.string())),
  /** Absent: the party's. */
  newEnvironment: v.optional(v.picklist(['run', 'baseline'])),
  takesParams: v.boolean(),
  secretParams: v.array(v.string()),
});

const manifestSchema = v.object({ v: v.literal(1), tasks: v.array(manifestTaskSchema) });

/** What the controller knows of one deployed task without loading any user code. */
export type ManifestTask = v.InferOutput<typeof manifestTaskSchema>;

/** The tasks of one deploy, in version order; written at synth, versioned with the controller's asset. */
export type Manifest = v.InferOutput<typeof manifestSchema>;

/**
 * Checks a manifest that was read from a file.
 * @throws PartyError `bad-manifest` naming the first field that is wrong
 */
export function parseManifest(json: unknown, where: string): Manifest {
  const parsed = v.safeParse(manifestSchema, json);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new PartyError(
    'bad-manifest',
    `${where} is not a task manifest: ${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`,
    'deploy again with one version of after-party for the construct and the CLI',
  );
}
