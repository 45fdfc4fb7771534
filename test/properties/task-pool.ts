import type { ManifestTask } from '../../functions/manifest.ts';
import { versionKey } from '../../functions/task/version.ts';

function task(version: string, name: string, options: Partial<ManifestTask> = {}): ManifestTask {
  return {
    version,
    name,
    file: `${version}_${name}.ts`,
    checksum: 'c',
    description: name,
    when: 'once',
    delivery: 'at-least-once',
    tags: [],
    iterates: false,
    takesParams: false,
    secretParams: [],
    ...options,
  };
}

export const ALPHA: ManifestTask = task('3', 'alpha');
export const BRAVO: ManifestTask = task('007', 'bravo', { delivery: 'at-most-once' });
export const CHARLIE: ManifestTask = task('20', 'charlie', { onFailure: 'continue' });
export const ECHO: ManifestTask = task('60', 'echo', { when: 'manual' });
export const DELTA: ManifestTask = task('050', 'delta', { newEnvironment: 'baseline' });
export const KILO: ManifestTask = task('070', 'kilo', { when: 'manual', iterates: true });
export const LIMA: ManifestTask = task('080', 'lima', { when: 'manual', splits: 'keys' });
export const HOTEL: ManifestTask = task('300', 'hotel', { iterates: true });
export const MIKE: ManifestTask = task('310', 'mike', { splits: 'shards', shards: 2, iterates: true });
export const INDIA: ManifestTask = task('400', 'india', { background: true, iterates: true });
export const JULIET: ManifestTask = task('500', 'juliet', { background: true, after: ['india'] });
export const NOVEMBER: ManifestTask = task('600', 'november', {
  background: true,
  delivery: 'at-most-once',
  splits: 'keys',
});

/** Every task that any deploy may have. */
export const pool: readonly ManifestTask[] = [
  ALPHA,
  BRAVO,
  CHARLIE,
  DELTA,
  ECHO,
  task('100', 'foxtrot', { when: 'every-deploy' }),
  task('200', 'golf', { when: 'every-deploy', delivery: 'at-most-once', onFailure: 'continue' }),
  KILO,
  LIMA,
  HOTEL,
  MIKE,
  INDIA,
  JULIET,
  NOVEMBER,
];

/** Into what tasks are split, and how many of it are executed at a time. */
export const KEYS: readonly string[] = ['one', '#2', ''];
export const SHARDS = 2;
export const PARALLEL = 2;
/** How many items each task with items has, and how many steps the one with checkpoints. */
export const ITEMS = 5;
/** The task that says at checkpoints how far it has come. */
export const CHECKPOINTING: string = JULIET.version;
/** The task that is tried three times within an attempt. */
export const RETRIED = '20';

/** What the children of a task stand for, in the order of their numbers; none for a task that is not split. */
export function childrenOf(key: string): readonly (string | number)[] {
  const task = pool.find(({ version }) => versionKey(version) === key);
  if (task?.splits === undefined) return [];
  return task.splits === 'keys' ? KEYS : Array.from({ length: SHARDS }, (_, index) => index);
}
