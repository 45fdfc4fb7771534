import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isPartyError } from '../errors.ts';
import { chooseParty, findParties } from './app-parties.ts';
import { ensureTable, findTables } from './app-tables.ts';
import { readCdkOut } from './cdk-out.ts';
import type { LocalPartyOptions } from './local-party-options.ts';
import { TemplateValues } from './template-values.ts';

/**
 * Makes the tables of the synthesized app, and returns what the construct gives its party's tasks in variables, as far
 * as it is known on this machine.
 * @throws PartyError `bad-cdk-out`, `which-party` or `unknown-party`
 */
export async function appEnvironment(
  { cdkOut, choice = {}, onWarning }: LocalPartyOptions,
  client: DynamoDBClient,
): Promise<Readonly<Record<string, string>>> {
  if (cdkOut === undefined) return {};
  const stacks = await readCdkOut(cdkOut);
  const values = new TemplateValues(stacks);
  const party = chooseParty(findParties(stacks, values), choice);
  for (const table of findTables(stacks, values)) {
    try {
      await ensureTable(client, table);
    } catch (error) {
      // The tasks that need another table can still run.
      if (!isPartyError(error)) throw error;
      onWarning?.(error);
    }
  }
  return party?.environment ?? {};
}
