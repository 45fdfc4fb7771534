import { expect, it } from 'vitest';
import { pasteable, withPasteableHint } from '../../../bin/party/pasteable.ts';
import { PartyError } from '../../../functions/errors.ts';

const CHORES = ' --stack Shop-prod --party Chores --profile ops';

it.each([
  [
    'wait, or: after-party cancel 1234',
    'wait, or: npx after-party cancel 1234 --stack Shop-prod --party Chores --profile ops',
  ],
  [
    'name it; `npx after-party status` lists all tasks',
    'name it; `npx after-party status --stack Shop-prod --party Chores --profile ops` lists all tasks',
  ],
  [
    `give them: npx after-party invoke a --params '{"name": "it; is"}'`,
    `give them: npx after-party invoke a --params '{"name": "it; is"}'${CHORES}`,
  ],
  [
    'Fix it, or: npx after-party skip 1 --stack Shop-prod --reason "...". More: npx after-party show 1 --stack Shop-prod',
    `Fix it, or: npx after-party skip 1${CHORES} --reason "...". More: npx after-party show 1${CHORES}`,
  ],
  [
    'npx after-party mark-done 1 --key KEY --stack Shop-prod --party Chores --reason "..." or reset. More: npx after-party show 1 --local',
    `npx after-party mark-done 1 --key KEY${CHORES} --reason "..." or reset. More: npx after-party show 1${CHORES}`,
  ],
  [`look: npx after-party status${CHORES}`, `look: npx after-party status${CHORES}`],
  ['npx after-party show a --stack Shop-prod', `npx after-party show a${CHORES}`],
  ['use one version of after-party for both', 'use one version of after-party for both'],
  ['npx after-party generate task NAME', 'npx after-party generate task NAME'],
])('leads the commands of %j to the party', (text, led) => {
  expect(pasteable(text, CHORES)).toBe(led);
  expect(pasteable(led, CHORES)).toBe(led);
});

it('leaves the stack in, where the party is found without a flag', () => {
  const text = 'More: npx after-party show 1 --stack Shop-prod';
  expect(pasteable(text, '')).toBe(text);
});

it('takes a stack whose name only begins as that of the flags for another one', () => {
  expect(pasteable('npx after-party show 1 --stack Shop-Nested', ' --stack Shop')).toBe(
    'npx after-party show 1 --stack Shop',
  );
});

it('keeps of an error all but the hint, and any other as it is', () => {
  const cause = new Error('refused');
  const error = withPasteableHint(new PartyError('held', 'it runs', 'after-party show 1', { cause }), CHORES);
  expect(error).toMatchObject({ code: 'held', message: 'it runs', cause });
  expect(error).toHaveProperty('resolution', `npx after-party show 1${CHORES}`);
  const without = new PartyError('held', 'it runs');
  expect(withPasteableHint(without, CHORES)).toBe(without);
  expect(withPasteableHint(cause, CHORES)).toBe(cause);
});
