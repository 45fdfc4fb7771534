import { isPartyError } from '../../functions/errors.ts';
import { flagsOf } from '../../functions/flags.ts';
import { type AppParty, readParties } from '../../functions/local/app-parties.ts';
import { nearestWord } from '../../functions/task/nearest-word.ts';
import { cdkOutFolder } from '../project/cdk-out-folder.ts';

/** What to do about a stack that does not exist where it was looked for, by what `cdk.out` says of it. */
export async function missingStackHint(stack: string, region: string, cwd: string): Promise<string> {
  const parties = await partiesNear(cwd);
  const synthesized = parties.find((party) => party.stack === stack);
  if (synthesized !== undefined) {
    const { account, region: other } = synthesized;
    if (other !== undefined && other !== region)
      return `cdk.out has it in ${[account, other].filter(Boolean).join(' ')}: add${flagsOf({ region: other })}`;
    const place = account === undefined ? '' : ` in the account ${account}`;
    return `cdk.out has it${place}: check --profile and --region, or deploy it: npx cdk deploy ${stack}`;
  }
  const known = [...new Set(parties.map((party) => party.stack))].sort();
  const meant = nearestWord(stack, known);
  if (meant !== undefined) return `did you mean --stack ${meant}? cdk.out has ${known.join(', ')}`;
  const names =
    known.length === 0 ? '`npx cdk list --long` shows the names' : `cdk.out has ${known.join(', ')}`;
  return `check --stack, --region and --profile; ${names}, \`npx cdk deploy\` makes the stack`;
}

async function partiesNear(cwd: string): Promise<readonly AppParty[]> {
  try {
    const cdkOut = cdkOutFolder(cwd);
    return cdkOut === undefined ? [] : await readParties(cdkOut);
  } catch (error) {
    // A stack is missing already: an unreadable cdk.out, which would only help to find it, is not what is wrong.
    if (isPartyError(error)) return [];
    throw error;
  }
}
