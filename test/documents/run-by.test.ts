import { describe, expect, it } from 'vitest';
import { blocksOf, forUsers, read, shellLines } from './pages.ts';
import { isFollowed, onGitHubOnly, runElsewhere, runLocally, sentToDynamoDb } from './run-by.ts';
import { workflowSteps } from './workflow.ts';

const otherwise = new Set([
  ...[...runLocally, ...sentToDynamoDb].map(({ text }) => text),
  ...runElsewhere.keys(),
]);

describe('the command lines in the documents', () => {
  it.each(forUsers)('%s shows none that no test runs, or that two do', (page) => {
    const lines = blocksOf(page).flatMap(shellLines);

    const wrong = lines.filter((line) => isFollowed(line) === otherwise.has(line));
    expect(wrong, 'have a test run them, and name it in test/documents/run-by.ts').toEqual([]);
  });

  it('are all listed for a reason', () => {
    const shown = forUsers.flatMap(blocksOf).flatMap(shellLines);

    expect([...runElsewhere.keys()].filter((line) => !shown.includes(line))).toEqual([]);
    const ci = read('.ci/run').split('\n');
    expect(['npm ci', 'npm run demo'].filter((line) => !ci.includes(line))).toEqual([]);
  });

  it('are all that a workflow has, but for steps of GitHub', () => {
    const workflows = forUsers.flatMap(blocksOf).filter(({ language }) => language === 'yaml');
    const used = workflows.flatMap(({ code }) => workflowSteps(code)).flatMap(({ uses }) => uses ?? []);

    expect(used.sort()).toEqual([...onGitHubOnly].sort());
  });
});
