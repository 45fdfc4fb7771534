import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The example tasks import the package by its name, which otherwise needs a build.
  resolve: {
    alias: {
      'after-party/task': fileURLToPath(new URL('functions/task/index.ts', import.meta.url)),
      'after-party/sources': fileURLToPath(new URL('functions/sources/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
  },
});
