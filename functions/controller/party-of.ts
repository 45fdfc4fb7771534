import type { LedgerView } from './ledger-view.ts';
import { packageVersion } from './package-version.ts';
import type { ControllerPorts } from './ports.ts';
import type { PartyStatus } from './requests.ts';
import { stackOf } from './stack-id.ts';

/** Which party it is, and when it was deployed. */
export function partyOf({ config }: ControllerPorts, { party }: LedgerView): Omit<PartyStatus, 'tasks'> {
  const { region, account, stackName } = stackOf(config.stackId);
  return {
    environment: config.environmentName,
    stack: stackName,
    party: config.party,
    account,
    region,
    deployId: party?.lastDeploy?.deployId ?? null,
    deployedAt: party?.lastDeploy?.at ?? null,
    packageVersion,
  };
}
