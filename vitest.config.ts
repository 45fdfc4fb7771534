import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const entry = (name: string): string => fileURLToPath(new URL(`functions/${name}/index.ts`, import.meta.url));

/** By far the longest file, of a single thread: begun last, it would run alone at the end. */
const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/properties/');

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(isLongest(b)) - Number(isLongest(a)));
  }
}

export default defineConfig({
  // The example tasks and their tests import the package by its name, which otherwise needs a build.
  resolve: {
    alias: {
      'after-party/task': entry('task'),
      'after-party/sources': entry('sources'),
      'after-party/testing': entry('testing'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/kit-apps/**'],
    sequence: { sequencer: LongestFirst },
    // Most of the tests wait for processes of their own, which one worker would have them do one after the other.
    maxWorkers: '100%',
    // A slow machine is no failure: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
