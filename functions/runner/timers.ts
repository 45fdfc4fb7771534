import * as timers from 'node:timers';

// As they are when this is loaded: the test of a task may fake its own, and those would never let the runner go on.
export const { setTimeout, clearTimeout, setInterval, clearInterval }: typeof timers = timers;
export const { setTimeout: sleep, setImmediate: nextTurn }: typeof timers.promises = timers.promises;
