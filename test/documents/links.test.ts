import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeSpans, forUsers, read, repository } from './pages.ts';

describe('the documents', () => {
  const documents = [...forUsers, 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/architecture.md'];

  it.each(documents)('%s names scripts, files and headings that exist', (document) => {
    const text = read(document);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(
      ([, path = '', heading]) => ({ path: path === '' ? document : join(dirname(document), path), heading }),
    );
    const paths = codeSpans(text).filter((code) =>
      /^(lib|functions|bin|tasks|test|docs|build|bench|\.ci)\/[\w./-]*$/.test(code),
    );
    // These speak of their readers' files, too.
    const own = forUsers.includes(document) ? [] : paths;
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);

    const files = [...links.map(({ path }) => path), ...own];
    expect(files.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    const lost = links.filter(({ path, heading }) => heading && !headings(path).includes(heading));
    expect(lost).toEqual([]);
    // An app that cdk init made has these.
    const known = { ...scripts, ...(forUsers.includes(document) && { test: '' }) };
    expect(named.filter((script) => !(script in known))).toEqual([]);
  });
});

/** What a page can be linked to, as GitHub names it. */
function headings(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
