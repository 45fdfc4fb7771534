import { describe, expect, it, vi } from 'vitest';
import { list } from '../../functions/sources/index.ts';
import type { Task } from '../../functions/task/index.ts';
import { startDatabase } from './database.ts';
import { runTask } from './run-task.ts';

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
    const result = await runTask(await loadTask(), { env: { TITLES_TABLE: 'titles' } });

    // Assess
    expect(result).toBe('2 of 3 items changed');
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
    await runTask(task, { env: { TITLES_TABLE: 'titles' } });

    expect(await runTask(task, { env: { TITLES_TABLE: 'titles' } })).toBe('0 of 1 item changed');
  });

  it('leaves a title alone that was edited since it was read', async () => {
    const titles = await startDatabase('titles', ['id'], [{ id: '1', title: 'A new title' }]);
    const task = await loadTask();

    const outcome = runTask(
      // What the scan had read before the edit.
      {
        ...task,
        items: { ...task.items, source: async () => list([{ id: '1', title: 'A\u0007' }]) },
      } as Task,
      { env: { TITLES_TABLE: 'titles' } },
    );

    await expect(outcome).rejects.toThrow('The conditional request failed');
    expect(await titles.items()).toEqual([{ id: '1', title: 'A new title' }]);
  });
});
