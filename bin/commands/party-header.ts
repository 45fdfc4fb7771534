import type { PartyStatus } from '../../functions/controller/requests.ts';
import { minute } from '../terminal/times.ts';

/** Which party it is, and when it was deployed, in one line. */
export function partyHeader(party: Omit<PartyStatus, 'tasks' | 'next'>, isDeployed: boolean): string {
  if (!isDeployed) return `${party.environment} · on this machine`;
  const { deployedAt, deployId } = party;
  const name = nameOf(deployId);
  const since =
    deployedAt === null
      ? 'not deployed yet'
      : `deployed ${minute(deployedAt)} UTC${name === undefined ? '' : ` (${name})`}`;
  return `${party.environment} · ${party.stack}/${party.party} · ${party.account} ${party.region} · ${since}`;
}

/** A commit by its first digits; the time at which the app was synthesized, where nobody gave a name, says nothing. */
function nameOf(deployId: string | null): string | undefined {
  if (deployId === null || /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(deployId)) return undefined;
  return /^[0-9a-f]{40}$/.test(deployId) ? deployId.slice(0, 7) : deployId;
}
