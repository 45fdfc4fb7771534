import { type Json, type ReadPosition, type Source, sourceOf } from '../../../functions/task/source.ts';

export interface NumbersOptions {
  /** What it says there are. */
  readonly count?: number;
  /** Called before each number is given. */
  readonly before?: (number: number, position: ReadPosition) => unknown;
  /** Called when it is closed. */
  readonly onClose?: () => unknown;
  /** The cursor behind a number. */
  readonly cursorOf?: (number: number) => unknown;
  /** Whether each shard reads a part of the numbers. */
  readonly splits?: boolean;
}

/** The numbers from 1 to `last`; the cursor behind a number is that number. */
export function numbers(last: number, options: NumbersOptions = {}): Source<number> {
  const { count, before, onClose, cursorOf = (number) => number, splits = false } = options;
  return sourceOf({
    splits,
    ...(count === undefined ? {} : { count: async () => count }),
    async *read(position) {
      const { cursor = 0, shard = { index: 0, count: 1 } } = position;
      if (typeof cursor !== 'number') throw new RangeError(`${JSON.stringify(cursor)} is no number`);
      try {
        for (let number = cursor + 1; number <= last; number++) {
          if (number % shard.count !== (shard.index + 1) % shard.count) continue;
          await before?.(number, position);
          yield [number, cursorOf(number) as Json] as const;
        }
      } finally {
        await onClose?.();
      }
    },
  });
}
