import { runIdOf } from '../../functions/controller/cloudformation.ts';
import type { RunRecord } from '../../functions/ledger/index.ts';
import type { DeployedParty } from './deployed-party.ts';
import type { CustomResourceResponse, ReceivedPut } from './response-bucket.ts';

/** One request of CloudFormation, and how it is answered. */
export class CloudFormationRequest {
  readonly event: Readonly<Record<string, unknown>>;
  readonly url: string;
  readonly runId: string;
  readonly #party: DeployedParty;

  constructor(party: DeployedParty, event: Readonly<Record<string, unknown>>, url: string) {
    this.#party = party;
    this.event = event;
    this.url = url;
    this.runId = runIdOf(url);
  }

  /** Invokes the controller with it, as Lambda does once or more. */
  async deliver(): Promise<this> {
    await this.#party.send(this.event);
    return this;
  }

  answer(): Promise<CustomResourceResponse> {
    return this.#party.region.bucket.taken(this.url);
  }

  /** Returns when its execution has ended. */
  async over(): Promise<RunRecord> {
    await this.#party.driver.settled(this.runId);
    return this.#party.ledger.runs.require(this.runId);
  }

  get puts(): readonly ReceivedPut[] {
    return this.#party.region.bucket.puts(this.url);
  }
}
