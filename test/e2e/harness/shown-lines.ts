import { type Block, shellLines } from '../../documents/pages.ts';

/** The command lines of a page, of which a test has to take each. */
export class ShownLines {
  readonly #lines: readonly string[];
  readonly #taken = new Set<string>();

  constructor(blocks: readonly Block[]) {
    this.#lines = blocks.flatMap(shellLines);
  }

  /** The only line that holds these words. */
  take(words: string): string {
    const [line, ...others] = this.#lines.filter((each) => each.includes(words));
    if (line === undefined || others.length > 0)
      throw new Error(`"${words}" is in ${others.length} + 1 lines`);
    this.#taken.add(line);
    return line;
  }

  /** Those that the test has not come to. */
  get left(): string[] {
    return this.#lines.filter((line) => !this.#taken.has(line));
  }
}
