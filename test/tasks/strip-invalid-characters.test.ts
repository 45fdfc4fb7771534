import { describe, expect, it } from 'vitest';
import task from '../../tasks/20260105093000_strip_invalid_characters.ts';
import { startDatabase } from './database.ts';
import { runTask } from './run-task.ts';

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
    const result = await runTask(task, { env: { TITLES_TABLE: 'titles' } });

    // Assess
    expect(result).toBe('2 of 3 titles changed');
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
    await runTask(task, { env: { TITLES_TABLE: 'titles' } });

    expect(await runTask(task, { env: { TITLES_TABLE: 'titles' } })).toBe('0 of 1 titles changed');
  });

  it('stops when it is told to', async () => {
    const titles = await startDatabase('titles', ['id'], [{ id: '1', title: 'A\u0007 day' }]);

    const run = runTask(task, {
      env: { TITLES_TABLE: 'titles' },
      signal: AbortSignal.abort(new Error('stop')),
    });

    await expect(run).rejects.toThrow('stop');
    expect(await titles.items()).toEqual([{ id: '1', title: 'A\u0007 day' }]);
  });
});
