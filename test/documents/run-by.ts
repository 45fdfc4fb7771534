import {
  type Block,
  blocksIn,
  blocksOf,
  type CommandLine,
  codeSpans,
  commandLines,
  forUsers,
  read,
  shellLines,
  shellWords,
} from './pages.ts';

/** What end-to-end tests follow on MiniStack, line by line; each of them fails if it leaves one out. */
export const followed = {
  guide: blocksOf('docs/guide.md'),
  quickStart: blocksIn('README.md', 'Quick start'),
  environments: [
    'Tenants',
    'GitHub Actions with OIDC',
    'Several environments',
    'From after_party or django-post-deploy',
  ].flatMap((section) => blocksIn('docs/recipes.md', section)),
  standalone: blocksIn('docs/recipes.md', 'From Terraform, SAM, or anything that is not CDK'),
} satisfies Record<string, readonly Block[]>;

const followedLines = new Set(Object.values(followed).flat().flatMap(shellLines));

export function isFollowed(line: string): boolean {
  return followedLines.has(line);
}

/** What a sentence or a table names as a whole; others only name the command. */
const named: readonly CommandLine[] = forUsers
  .filter((page) => !page.includes('reference/'))
  .flatMap((page) =>
    codeSpans(read(page)).flatMap((text) => {
      const [, rest] = /^(?:npx )?after-party (.*)$/.exec(text) ?? [];
      const isWhole = rest !== undefined && rest !== 'skip' && rest !== 'reset';
      return isWhole ? [{ page, text, words: shellWords(rest.replace('NAME', 'restart_search')) }] : [];
    }),
  );

/** What local.test.ts runs on this machine: all other command lines of the program. */
export const runLocally: readonly CommandLine[] = [
  ...forUsers.flatMap((page) => commandLines(page, 'npx after-party')),
  ...named,
].filter(({ text }) => !isFollowed(text));

/** What operating.test.ts sends as the AWS CLI would. */
export const sentToDynamoDb: readonly CommandLine[] = commandLines('docs/operating.md', 'aws');

/** Which test runs a line that has a place of its own. */
export const runElsewhere: ReadonlyMap<string, string> = new Map([
  ['npm ci && npm run demo', 'the CI, in which both are lines of their own'],
]);

/** The steps of a workflow that only GitHub has. */
export const onGitHubOnly: readonly string[] = [
  'actions/checkout@v4',
  'actions/setup-node@v4',
  'aws-actions/configure-aws-credentials@v4',
];
