import type { Task } from 'after-party/task';
import { runTask } from 'after-party/testing';
import { describe, expect, it, vi } from 'vitest';
import { startDatabase } from './database.ts';

const env = { TITLES_TABLE: 'titles' };

/** With a client of its own, which finds the test's database. */
async function loadTask(): Promise<Task> {
  vi.resetModules();
  return (await import('../../tasks/20260105093000_strip_invalid_characters.ts')).default;
}

describe('strip_invalid_characters', () => {
  it('changes the titles that hold control characters, and no other', async () => {
    // Prepare
    const titles = await startDatabase(
      'titles',
      ['id'],
      [
        { id: '1', title: 'A\u0007 new\u0000 day' },
        { id: '2', title: 'Größe – 尺寸' },
        { id: '3', title: 'lost \uFFFD letter' },
      ],
    );

    // Act
    const run = await runTask(await loadTask(), { env });

    // Assess
    expect(run).toMatchObject({ state: 'succeeded', result: '2 of 3 items changed' });
    expect(await titles.items()).toEqual(
      expect.arrayContaining([
        { id: '1', title: 'A new day' },
        { id: '2', title: 'Größe – 尺寸' },
        { id: '3', title: 'lost  letter' },
      ]),
    );
  });

  it('changes nothing the second time', async () => {
    await startDatabase('titles', ['id'], [{ id: '1', title: 'A\u0007 day' }]);
    const task = await loadTask();
    await runTask(task, { env });

    expect((await runTask(task, { env })).result).toBe('0 of 1 item changed');
  });

  it('leaves a title alone that was edited since it was read', async () => {
    const titles = await startDatabase('titles', ['id'], [{ id: '1', title: 'A new title' }]);

    // What the scan had read before the edit.
    const run = await runTask(await loadTask(), { env, items: [{ id: '1', title: 'A\u0007' }] });

    expect(run).toMatchObject({ state: 'failed', error: { message: 'The conditional request failed' } });
    expect(await titles.items()).toEqual([{ id: '1', title: 'A new title' }]);
  });
});
