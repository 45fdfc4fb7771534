import { expect } from 'vitest';
import { DeployedParty, type PartySettings } from './deployed-party.ts';
import type { Region } from './region.ts';

/**
 * A scenario in a party of its own. When it is at rest, no response URL may have got anywhere: not into a log, an
 * execution, an answer to the CLI, or an item of the ledger.
 */
export async function inParty(
  region: Region,
  settings: PartySettings,
  scenario: (party: DeployedParty) => Promise<void>,
): Promise<void> {
  const party = await DeployedParty.open(region, settings);
  try {
    await scenario(party);
    await party.atRest();
    expectNoTrace(region.bucket.marker, party.said);
    expectNoTrace(region.bucket.marker, await party.items());
  } finally {
    await party.close();
  }
}

export function expectNoTrace(secret: string, places: readonly string[]): void {
  expect(
    places.filter((place) => place.includes(secret) || place.includes(encodeURIComponent(secret))),
  ).toEqual([]);
}
