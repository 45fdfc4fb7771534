import * as v from 'valibot';
import type { PartyError } from '../errors.ts';
import { damagedRecord } from './damaged-record.ts';
import type { Item } from './parse-item.ts';

const time = v.pipe(v.string(), v.isoTimestamp());
const listedRunSchema = v.pipe(
  v.object({
    sk: v.string(),
    trigger: v.string(),
    by: v.string(),
    state: v.string(),
    startedAt: time,
    deployId: v.optional(v.string()),
    finishedAt: v.optional(time),
    answer: v.optional(v.object({ text: v.string() })),
  }),
  v.transform(({ sk, answer, ...run }) => ({ ...run, runId: sk, outcome: answer?.text })),
);

/** A run as a list of them shows it; `outcome` is what came of it, in a sentence. */
export type ListedRun = v.InferOutput<typeof listedRunSchema>;

/** What a list reads of a run: not what it selected, which may be long. */
export const listedRunAttributes = [
  ...['pk', 'sk', 'trigger', 'by', 'state', 'startedAt'],
  ...['deployId', 'finishedAt', 'answer'],
] as const;

/** The run, or why its item cannot be read, so that one bad item does not hide the others. */
export function listedRunOrError(item: Item): ListedRun | PartyError {
  const parsed = v.safeParse(listedRunSchema, item);
  return parsed.success ? parsed.output : damagedRecord(item, parsed.issues[0]);
}
