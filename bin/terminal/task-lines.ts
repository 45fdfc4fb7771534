import type { ChildStatus, TaskStatus } from '../../functions/controller/requests.ts';
import type { Colours } from './colours.ts';
import { farText, outlookText, progressText } from './progress.ts';
import { oneLine } from './safe-text.ts';

/** The file name without its ending, under which a person knows the task. */
export function titleOf(task: Pick<TaskStatus, 'version' | 'name'>): string {
  return `${task.version}_${task.name}`;
}

const LONGEST_KEY = 60;

/** How people call a child: `key "acme"`, `shard 7`. */
export function childTitle({ key, shard }: Pick<ChildStatus, 'key' | 'shard'>): string {
  return shard === null ? `key ${quotedKey(key)}` : `shard ${key}`;
}

/** A key in quotes, since any characters may be in it; a long one cut. */
export function quotedKey(key: string): string {
  const letters = [...JSON.stringify(key)];
  return letters.length <= LONGEST_KEY ? letters.join('') : `${letters.slice(0, LONGEST_KEY - 1).join('')}…`;
}

const WAITING = new Set(['pending', 'stale', 'interrupted', 'paused']);
/** By a person, who may have said why. */
const STOPPED = new Set(['paused', 'cancelled']);
const BAD = new Set(['failed', 'in-doubt', 'damaged']);

/** How a state is painted. */
export function stateColour(state: string, colours: Colours): (text: string) => string {
  if (state === 'succeeded') return colours.good;
  if (BAD.has(state)) return colours.bad;
  if (state === 'running') return colours.busy;
  if (WAITING.has(state)) return colours.attention;
  return colours.quiet;
}

/** The mark in front of a task that ended; one of every deploy is called so again once it has succeeded. */
export function markOf(state: string): string {
  if (state === 'succeeded' || state === 'every-deploy') return '✔';
  return BAD.has(state) ? '✖' : '·';
}

const NOTES: Readonly<Record<string, string>> = {
  'new-environment': 'new environment',
  'no-file': 'no file',
  'not-deployed': 'not deployed',
  'pause-requested': 'pause requested',
  'cancel-requested': 'cancel requested',
};

const PREFIXES = [
  [/^behind:/, 'behind '],
  [/^only-in:/, 'only in '],
  [/^shards-kept:/, 'keeps its shards: '],
] as const;

/** A note as people read it. */
export function noteText(note: string): string {
  return (
    NOTES[note] ?? oneLine(PREFIXES.reduce((text, [prefix, words]) => text.replace(prefix, words), note))
  );
}

/** What there is to say of a task in one line: how it went, and what is odd about it. */
export function noteOf(task: TaskStatus): string {
  const notes = task.notes.map(noteText);
  // Where it has run, it is no longer of interest that it did so in the background.
  const background = task.background && task.state === 'pending' ? 'background' : '';
  return [outcomeOf(task, task.split), background, ...notes].filter((part) => part !== '').join(' · ');
}

/** How a child went, in one line. */
export function childNote(child: ChildStatus): string {
  return outcomeOf(child, null);
}

type Attempted = Pick<TaskStatus, 'state' | 'attempt' | 'error' | 'reason' | 'progress' | 'result'>;

function outcomeOf(task: Attempted, split: TaskStatus['split']): string {
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : '';
  // The reason of a split task names the child whose error it shows.
  const reasons = split === null ? [task.error?.message, task.reason] : [task.reason, task.error?.message];
  const why = oneLine(reasons.find((reason) => typeof reason === 'string') ?? '');
  const far = farText({ ...task, split });
  if (BAD.has(task.state) || task.error !== null) {
    const at = [attempt, progressText(task.progress)].filter(Boolean).join(', at ');
    return [at, why].filter(Boolean).join(': ');
  }
  if (task.state === 'running') return outlookText({ ...task, split });
  if (task.state === 'interrupted') return [far, why].filter(Boolean).join(' · ');
  // What a person gave as the reason is quoted.
  const said = why === '' || why === task.state ? '' : `"${why}"`;
  if (STOPPED.has(task.state) || said !== '') return [far, said].filter(Boolean).join(' · ');
  const ended = task.state === 'succeeded' || task.state === 'every-deploy';
  return ended ? resultText(task.result) : attempt;
}

/** A result in one line; text as it is, anything else as JSON. */
export function resultText(result: unknown): string {
  if (result === null || result === undefined) return '';
  return oneLine(typeof result === 'string' ? result : JSON.stringify(result));
}

/** How long a task took, or has been running so far. */
export function tookOf(
  task: Pick<TaskStatus, 'state' | 'startedAt' | 'durationMs'>,
  now: number,
): number | null {
  if (task.state !== 'running' || task.startedAt === null) return task.durationMs;
  return now - Date.parse(task.startedAt);
}
