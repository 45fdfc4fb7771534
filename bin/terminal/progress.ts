import type { SplitStatus, TaskProgress, TaskStatus } from '../../functions/controller/requests.ts';
import { span } from './times.ts';

const BAR = 10;
const UNITS = [
  ['a second', 1],
  ['a minute', 60],
] as const;
/** Of what is slower than that. */
const SLOWEST = ['an hour', 3_600] as const;

/** `43 %`, or `7,013 items` where nobody knows of how many; empty where a task does not say. */
export function progressText(progress: TaskProgress | null): string {
  if (progress === null) return '';
  const share = shareOf(progress);
  return share === undefined ? items(progress.done) : `${Math.floor(share * 100)} %`;
}

type Far = Pick<TaskStatus, 'progress' | 'split'>;

/** How far a task has come, also by its children: `43 % · 7/64 shards`. */
export function farText({ progress, split }: Far): string {
  return [progressText(progress), split === null ? '' : splitText(split)].filter(Boolean).join(' · ');
}

/** The same and, while it runs, how long it will take: `43 % · 27h 05m left`. */
export function outlookText(task: Far): string {
  return [farText(task), leftText(task)].filter(Boolean).join(' · ');
}

/** The same with how fast it goes: `43 % · 32 a second · 27h 05m left`. */
export function paceText(task: Far): string {
  return [farText(task), paceOf(task), leftText(task)].filter(Boolean).join(' · ');
}

function splitText({ of, count, succeeded, failed, inDoubt }: SplitStatus): string {
  const parts = [
    `${succeeded}/${count} ${count === 1 ? of.slice(0, -1) : of}`,
    failed === 0 ? '' : `${failed} failed`,
    inDoubt === 0 ? '' : `${inDoubt} in doubt`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** The children by their states: `20 keys: 18 succeeded, 1 failed, 1 left`. */
export function splitDetails(split: SplitStatus | null): string {
  if (split === null) return '';
  const { of, count, succeeded, failed, inDoubt, running, left } = split;
  const states = Object.entries({ succeeded, failed, 'in doubt': inDoubt, running, left })
    .filter(([, number]) => number > 0)
    .map(([state, number]) => `${number} ${state}`);
  return `${count} ${count === 1 ? of.slice(0, -1) : of}: ${states.join(', ')}`;
}

/** The same in full: `5,160 of ~12,000 (43 %), 32 a second, 3m 34s left`. */
export function progressDetails(progress: TaskProgress | null): string {
  if (progress === null) return '';
  const { done, total } = progress;
  const parts = [
    total === null
      ? items(done)
      : `${done.toLocaleString('en')} of ~${total.toLocaleString('en')} (${progressText(progress)})`,
    paceOf({ progress, split: null }),
    leftText({ progress, split: null }),
  ];
  return parts.filter(Boolean).join(', ');
}

/** `▇▇▇▇▁▁▁▁▁▁`; empty where nobody knows how much there is. */
export function progressBar(progress: TaskProgress | null, split: SplitStatus | null = null): string {
  const ofItems = progress === null ? undefined : shareOf(progress);
  const share = ofItems ?? (split === null ? undefined : split.succeeded / split.count);
  if (share === undefined) return '';
  return bar(share);
}

/** `▇▇▇▇▁▁▁▁▁▁`, of a share from 0 to 1. */
export function bar(share: number): string {
  const full = Math.floor(share * BAR);
  return '▇'.repeat(full) + '▁'.repeat(BAR - full);
}

/** By what it shows whether a task has moved: its items, or its children. */
export function doneOf({ progress, split }: Far): number {
  return progress?.done ?? split?.succeeded ?? 0;
}

/** A total is only about right: what is not at its end is not shown as whole. */
function shareOf({ done, total }: TaskProgress): number | undefined {
  return total === null || total === 0 ? undefined : Math.min(0.99, done / total);
}

function items(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
}

/** Of the items, else of the children: `31.7 a second`, `12 keys a minute`. */
function paceOf({ progress, split }: Far): string {
  const items = progress?.itemsPerSecond ?? null;
  if (items !== null) return every(items, '');
  const ended = split?.endedPerSecond ?? null;
  return ended === null ? '' : every(ended, ` ${split?.of}`);
}

/** So many in the shortest time in which it is one or more. */
function every(perSecond: number, of: string): string {
  const [each, seconds] = UNITS.find(([, length]) => perSecond * length >= 1) ?? SLOWEST;
  const count = perSecond * seconds;
  return `${count.toLocaleString('en', { maximumSignificantDigits: count < 10 ? 2 : 3 })}${of} ${each}`;
}

function leftText({ progress, split }: Far): string {
  // Where items are counted, their pace says it better than that of the children.
  const left = (progress === null ? split?.msLeft : progress.msLeft) ?? null;
  return left === null ? '' : `${span(left)} left`;
}
