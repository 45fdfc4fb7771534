import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: 'test/e2e/global-setup.ts',
    // Deploys mostly wait for each other's polling; each file has stacks of its own.
    maxWorkers: 3,
    // A slow machine is no failure: these only end what hangs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
