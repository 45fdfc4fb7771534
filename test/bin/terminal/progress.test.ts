import { describe, expect, it } from 'vitest';
import {
  outlookText,
  paceText,
  progressBar,
  progressDetails,
  progressText,
  splitDetails,
} from '../../../bin/terminal/progress.ts';
import { noteOf } from '../../../bin/terminal/task-lines.ts';
import type { TaskProgress } from '../../../functions/controller/requests.ts';
import { splitStatus, taskStatus } from '../command-line.ts';

const still = { itemsPerSecond: null, msLeft: null };
const progress: TaskProgress = { done: 5_160, total: 12_000, itemsPerSecond: 31.7, msLeft: 215_000 };

describe('how far a task has come', () => {
  it.each([
    [null, '', '', ''],
    [{ done: 7_013, total: null, ...still }, '7,013 items', '7,013 items', ''],
    [{ done: 1, total: null, ...still }, '1 item', '1 item', ''],
    [{ done: 0, total: 0, ...still }, '0 items', '0 of ~0 (0 items)', ''],
    [{ done: 5_160, total: 12_000, ...still }, '43 %', '5,160 of ~12,000 (43 %)', '▇▇▇▇▁▁▁▁▁▁'],
    [{ done: 12_000, total: 12_000, ...still }, '99 %', '12,000 of ~12,000 (99 %)', '▇▇▇▇▇▇▇▇▇▁'],
    [progress, '43 %', '5,160 of ~12,000 (43 %), 31.7 a second, 3m 35s left', '▇▇▇▇▁▁▁▁▁▁'],
    [
      { done: 60, total: null, itemsPerSecond: 0.0234, msLeft: null },
      '60 items',
      '60 items, 1.4 a minute',
      '',
    ],
  ])('%j', (given, text, details, bar) => {
    expect([progressText(given), progressDetails(given), progressBar(given)]).toEqual([text, details, bar]);
  });

  it('is said with the time left', () => {
    expect(outlookText({ progress, split: null })).toBe('43 % · 3m 35s left');
  });

  it('is said with the children of a task that is split', () => {
    const split = splitStatus({ of: 'shards', count: 64, succeeded: 7, running: 8, left: 49 });
    expect(outlookText({ progress, split })).toBe('43 % · 7/64 shards · 3m 35s left');
    expect(progressBar(null, split)).toBe('▇▁▁▁▁▁▁▁▁▁');
    expect(progressBar(progress, split)).toBe('▇▇▇▇▁▁▁▁▁▁');
    const failing = splitStatus({ succeeded: 17, failed: 2, inDoubt: 1 });
    expect(outlookText({ progress: null, split: failing })).toBe('17/20 keys, 2 failed, 1 in doubt');
    expect(splitDetails(failing)).toBe('20 keys: 17 succeeded, 2 failed, 1 in doubt');
    expect(splitDetails(splitStatus({ count: 1, succeeded: 1 }))).toBe('1 key: 1 succeeded');
  });
});

describe('the pace of a task', () => {
  const at = (itemsPerSecond: number) =>
    paceText({ progress: { ...still, done: 60, total: null, itemsPerSecond }, split: null });

  it.each([
    [1234.5, '1,230 a second'],
    [1, '1 a second'],
    [0.5, '30 a minute'],
    [1 / 60, '1 a minute'],
    [0.01, '36 an hour'],
  ])('of %d items a second is said in a unit in which it is one or more', (itemsPerSecond, said) => {
    expect(at(itemsPerSecond)).toBe(`60 items · ${said}`);
  });

  it('is that of its children where it has no items', () => {
    const split = splitStatus({ succeeded: 5, running: 4, left: 11, endedPerSecond: 0.25, msLeft: 60_000 });
    expect(paceText({ progress: null, split })).toBe('5/20 keys · 15 keys a minute · 1m 00s left');
    expect(paceText({ progress: { ...progress, msLeft: null }, split })).toBe(
      '43 % · 5/20 keys · 31.7 a second',
    );
  });
});

describe('the note of a task', () => {
  const far = { ...progress, ...still };
  it.each([
    [
      { state: 'running', attempt: 812, progress, notes: ['pause-requested'] },
      '43 % · 3m 35s left · pause requested',
    ],
    [{ state: 'paused', progress: far, reason: 'peak hours' }, '43 % · "peak hours"'],
    [{ state: 'paused', progress: far, reason: 'paused' }, '43 %'],
    [{ state: 'interrupted', progress: far, reason: 'deploy timeout' }, '43 % · deploy timeout'],
    [{ state: 'cancelled', progress: far, reason: 'wrong release' }, '43 % · "wrong release"'],
    [{ state: 'cancelled', attempt: 3, progress: far, reason: 'cancelled' }, '43 %'],
    [{ state: 'succeeded', progress: far, result: '12,000 items' }, '12,000 items'],
    [
      { state: 'failed', attempt: 2, progress: far, error: { name: 'Error', message: 'HTTP 503' } },
      'attempt 2, at 43 %: HTTP 503',
    ],
  ])('%j', (fields, note) => {
    expect(noteOf(taskStatus(fields))).toBe(note);
  });
});
