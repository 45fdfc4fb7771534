import type { PartyStatus } from '../../functions/controller/requests.ts';
import { minute } from '../terminal/times.ts';

/** Which party it is, and when it was deployed, in one line. */
export function partyHeader(party: Omit<PartyStatus, 'tasks' | 'next'>, isDeployed: boolean): string {
  if (!isDeployed) return `${party.environment} · on this machine`;
  const { deployedAt, deployId } = party;
  const commit = deployId !== null && /^[0-9a-f]{40}$/.test(deployId) ? deployId.slice(0, 7) : deployId;
  const since =
    deployedAt === null
      ? 'not deployed yet'
      : `deployed ${minute(deployedAt)} UTC${commit === null ? '' : ` (${commit})`}`;
  return `${party.environment} · ${party.stack}/${party.party} · ${party.account} ${party.region} · ${since}`;
}
