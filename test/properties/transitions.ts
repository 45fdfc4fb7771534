/** What moves a task, or as `child.…` a child of one, from which states to which. */
function each(by: string, from: readonly string[], to: readonly string[]): string[] {
  return from.flatMap((before) => to.map((after) => `${by}: ${before} -> ${after}`));
}

const anyState = [
  ...['no record', 'baselined', 'pending', 'succeeded', 'failed', 'in-doubt', 'skipped', 'cancelled'],
  ...['stale', 'interrupted', 'paused'],
];

/** Every transition that there is: what makes it, from which state, to which. */
export const transitions: readonly string[] = [
  ...each('claim', anyState, ['running']),
  ...each(
    'finish',
    ['running'],
    ['succeeded', 'failed', 'in-doubt', 'cancelled', 'interrupted', 'paused', 'pending'],
  ),
  ...each('finish', ['stale'], ['failed', 'in-doubt']),
  ...each(
    'release',
    ['running'],
    ['pending', 'succeeded', 'failed', 'in-doubt', 'skipped', 'cancelled', 'stale'],
  ),
  ...each(
    'correct',
    anyState.filter((from) => from !== 'paused'),
    ['pending', 'succeeded', 'skipped'],
  )
    // The reset of a baselined task first makes it one without a record.
    .filter((name) => name !== 'correct: baselined -> pending'),
  ...each('correct', ['no record', 'failed', 'in-doubt', 'stale', 'interrupted', 'paused'], ['baselined']),
  'checkpoint: running -> running',
  'request-stop: running -> running',
  'orphan: interrupted -> interrupted',
  'set-rate: interrupted -> interrupted',
  'correct: interrupted -> paused',
  'correct: paused -> interrupted',
  'correct: interrupted -> cancelled',
  'fan-out: running -> fanned-out',
  'request-stop: fanned-out -> fanned-out',
  ...each('settle', ['fanned-out'], ['succeeded', 'failed', 'in-doubt', 'cancelled', 'paused']),
  ...each('reopen', ['failed', 'in-doubt', 'cancelled', 'paused'], ['fanned-out']),
  ...each('child.plan', ['no record', 'succeeded'], ['pending']),
  ...each('child.claim', ['pending', 'failed', 'in-doubt', 'interrupted', 'cancelled'], ['running']),
  'child.checkpoint: running -> running',
  ...each('child.finish', ['running'], ['succeeded', 'failed', 'in-doubt', 'cancelled', 'interrupted']),
  'child.release: running -> pending',
  'child.settle: pending -> failed',
  ...each('child.correct', ['succeeded'], ['pending', 'succeeded']),
  ...each('run', ['no record'], ['accepted', 'running']),
  ...each('run', ['accepted'], ['running', 'succeeded', 'failed']),
  ...each('run', ['running'], ['succeeded', 'failed', 'cancelled', 'held']),
];

const anyEnd = ['succeeded', 'failed', 'in-doubt', 'cancelled', 'interrupted', 'paused', 'pending'];

/** Those that may be, and that not every run of the histories comes through. */
export const rareTransitions: readonly string[] = [
  ...['finish', 'release'].flatMap((by) => each(by, ['running', 'stale'], [...anyState, 'running'])),
  ...each('correct', anyState, [...anyEnd, 'skipped', 'baselined']),
  ...[...anyState, 'running', 'fanned-out'].map((state) => `set-rate: ${state} -> ${state}`),
  'checkpoint: stale -> stale',
  'request-stop: stale -> stale',
  ...each('settle', ['fanned-out'], anyEnd),
  ...each('reopen', anyEnd, ['fanned-out']),
  ...each('child.plan', [...anyEnd, 'stale'], ['pending']),
  ...each('child.claim', [...anyEnd, 'stale'], ['running']),
  'child.checkpoint: stale -> stale',
  ...['child.finish', 'child.release'].flatMap((by) =>
    each(by, ['running', 'stale'], [...anyEnd, 'running', 'stale']),
  ),
  ...each('child.settle', anyEnd, anyEnd),
  ...each('child.correct', [...anyEnd, 'stale'], ['pending', 'succeeded']),
];
