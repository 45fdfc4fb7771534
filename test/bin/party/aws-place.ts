import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { connect, type PartyOptions } from '../../../bin/party/connect.ts';
import type { PartyClient } from '../../../bin/party/party-client.ts';
import { type AwsAnswers, type FakeAws, startFakeAws } from './fake-aws.ts';

/** A machine with credentials, without a configuration of AWS, on which AWS answers as told. */
export class AwsPlace {
  folder = '';
  aws: FakeAws | undefined;
  /** What was said while parties were opened. */
  warnings: string[] = [];
  readonly #warn = (message: string): void => {
    this.warnings.push(message);
  };

  /** Before each test, and away after it. */
  setUp(): void {
    beforeEach(async () => {
      this.folder = await mkdtemp(join(tmpdir(), 'after-party-aws-'));
      this.warnings = [];
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_DEFAULT_REGION', 'AFTER_PARTY_STACK'])
        vi.stubEnv(name, undefined);
      vi.stubEnv('AWS_CONFIG_FILE', join(this.folder, 'config'));
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(this.folder, 'credentials'));
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      vi.stubEnv('AWS_REGION', 'eu-west-1');
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
      vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    });
    afterEach(async () => {
      vi.unstubAllEnvs();
      await this.aws?.stop();
      this.aws = undefined;
      await rm(this.folder, { recursive: true });
    });
  }

  /** Opens the party of the stack `Shop-prod`, with AWS answering so from now on. */
  async open(
    answers: AwsAnswers,
    options: PartyOptions = {},
    env: NodeJS.ProcessEnv = {},
  ): Promise<PartyClient> {
    await this.aws?.stop();
    this.aws = await startFakeAws(answers);
    vi.stubEnv('AWS_ENDPOINT_URL', this.aws.url);
    const here = { cwd: this.folder, env: { ...process.env, ...env }, onWarning: this.#warn };
    return connect({ stack: 'Shop-prod', ...options }, here);
  }
}
