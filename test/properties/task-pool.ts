import type { ManifestTask } from '../../functions/manifest.ts';

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
export const ECHO: ManifestTask = task('60', 'echo', { when: 'manual' });
export const DELTA: ManifestTask = task('050', 'delta', { newEnvironment: 'baseline' });
export const KILO: ManifestTask = task('070', 'kilo', { when: 'manual', iterates: true });
export const HOTEL: ManifestTask = task('300', 'hotel', { iterates: true });
export const INDIA: ManifestTask = task('400', 'india', { background: true, iterates: true });
export const JULIET: ManifestTask = task('500', 'juliet', { background: true, after: ['india'] });

/** Every task that any deploy may have. */
export const pool: readonly ManifestTask[] = [
  ALPHA,
  BRAVO,
  task('20', 'charlie', { onFailure: 'continue' }),
  DELTA,
  ECHO,
  task('100', 'foxtrot', { when: 'every-deploy' }),
  task('200', 'golf', { when: 'every-deploy', delivery: 'at-most-once', onFailure: 'continue' }),
  KILO,
  HOTEL,
  INDIA,
  JULIET,
];

/** How many items each task with items has, and how many steps the one with checkpoints. */
export const ITEMS = 5;
/** The task that says at checkpoints how far it has come. */
export const CHECKPOINTING: string = JULIET.version;
/** The task that is tried three times within an attempt. */
export const RETRIED = '20';

/** What the children of a task stand for, in the order of their numbers; none for a task that is not split. */
export function childrenOf(_key: string): readonly (string | number)[] {
  return [];
}
