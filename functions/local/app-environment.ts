import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isPartyError } from '../errors.ts';
import { chooseParty, findParties, type PartyChoice } from './app-parties.ts';
import { ensureTable, findTables, type TableDefinition } from './app-tables.ts';
import { readCdkOut } from './cdk-out.ts';
import type { LocalPartyOptions } from './local-party-options.ts';
import { TemplateValues } from './template-values.ts';

/** What a synthesized app says that matters on this machine. */
export interface SynthesizedApp {
  readonly tables: readonly TableDefinition[];
  /** What the construct gives the party's tasks in variables, as far as it is known without AWS. */
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws PartyError `bad-cdk-out`, `which-party` or `unknown-party` */
export async function readApp(cdkOut: string, choice: PartyChoice = {}): Promise<SynthesizedApp> {
  const stacks = await readCdkOut(cdkOut);
  const values = new TemplateValues(stacks);
  const party = chooseParty(findParties(stacks, values), choice);
  return { tables: findTables(stacks, values), environment: party?.environment ?? {} };
}

/**
 * Makes the tables of the app, and returns the variables of its party's tasks.
 * @throws PartyError as `readApp` does
 */
export async function appEnvironment(
  { cdkOut, choice, onWarning }: LocalPartyOptions,
  client: DynamoDBClient,
): Promise<SynthesizedApp['environment']> {
  if (cdkOut === undefined) return {};
  const { tables, environment } = await readApp(cdkOut, choice);
  for (const table of tables) {
    try {
      await ensureTable(client, table);
    } catch (error) {
      // The tasks that need another table can still run.
      if (!isPartyError(error)) throw error;
      onWarning?.(error);
    }
  }
  return environment;
}
