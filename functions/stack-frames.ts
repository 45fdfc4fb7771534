/** Frames of Node, middy and this package, below or between those of a task. */
const FOREIGN = /^\s+at .*(?:\bnode:|\/@middy\/|\/functions\/(?:runner|task)\/)/;

/** The lines of an error's stack and of its causes' that say something of the task. */
export function stackOfTask(stack: string): string[] {
  return stack.split('\n').filter((line) => !FOREIGN.test(line));
}
