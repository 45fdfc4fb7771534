import type { TaskProgress, TaskStatus } from '../../functions/controller/requests.ts';
import { span } from './times.ts';

const BAR = 10;

/** `43 %`, or `7,013 items` where nobody knows of how many; empty where a task does not say. */
export function progressText(progress: TaskProgress | null): string {
  if (progress === null) return '';
  const share = shareOf(progress);
  return share === undefined ? items(progress.done) : `${Math.floor(share * 100)} %`;
}

/** How far a task has come and, while it runs, how long it will take: `43 % · 27h 05m left`. */
export function outlookText({ progress }: Pick<TaskStatus, 'progress'>): string {
  const left = progress?.msLeft ?? null;
  return [progressText(progress), left === null ? '' : `${span(left)} left`].filter(Boolean).join(' · ');
}

/** The same in full: `5,160 of ~12,000 (43 %), 32 a second, 3m 34s left`. */
export function progressDetails(progress: TaskProgress | null): string {
  if (progress === null) return '';
  const { done, total, itemsPerSecond, msLeft } = progress;
  const parts = [
    total === null
      ? items(done)
      : `${done.toLocaleString('en')} of ~${total.toLocaleString('en')} (${progressText(progress)})`,
    itemsPerSecond === null ? '' : `${paceText(itemsPerSecond)} a second`,
    msLeft === null ? '' : `${span(msLeft)} left`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** `▇▇▇▇▁▁▁▁▁▁`; empty where nobody knows how much there is. */
export function progressBar(progress: TaskProgress | null): string {
  const share = progress === null ? undefined : shareOf(progress);
  if (share === undefined) return '';
  const full = Math.floor(share * BAR);
  return '▇'.repeat(full) + '▁'.repeat(BAR - full);
}

/** A total is only about right: what is not at its end is not shown as whole. */
function shareOf({ done, total }: TaskProgress): number | undefined {
  return total === null || total === 0 ? undefined : Math.min(0.99, done / total);
}

function items(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
}

function paceText(itemsPerSecond: number): string {
  return itemsPerSecond.toLocaleString('en', { maximumSignificantDigits: itemsPerSecond < 10 ? 2 : 3 });
}
