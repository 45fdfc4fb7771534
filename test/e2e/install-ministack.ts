import { installMinistack, MINISTACK_FOLDER } from './harness/ministack.ts';

// Ahead of the build and of vitest, which would bury the sentence that says what is missing.
try {
  await installMinistack(MINISTACK_FOLDER);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
