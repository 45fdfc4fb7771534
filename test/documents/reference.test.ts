import { expect, it } from 'vitest';
import { referencePages } from '../../build/reference/pages.ts';
import { read } from './pages.ts';

it.each([...referencePages()])('%s says what the sources say', (page, text) => {
  expect(read(page), 'write it anew with: node build/reference/write.ts').toBe(text);
});
