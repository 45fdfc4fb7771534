import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The example tasks import the package by its name, which otherwise needs a build.
  resolve: {
    alias: { 'after-party/task': fileURLToPath(new URL('functions/task/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/kit-apps/**'],
    // A slow machine is no failure: these only end what hangs.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
