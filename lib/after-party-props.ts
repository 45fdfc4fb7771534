import type { aws_dynamodb, aws_ec2, aws_lambda, aws_logs, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct, IDependable } from 'constructs';
import type { TaskBundling } from './task-bundle.ts';

export interface AfterPartyProps {
  /**
   * The folder with the task modules: an absolute path, or one relative to the nearest `cdk.json` above the working
   * directory. Subfolders are searched too.
   * @default 'tasks'
   */
  readonly tasks?: string;
  /**
   * The environment's name, as `status` shows it, tasks find it in their context and their `environments` match it.
   * @default - the name of the Stage, else of the stack
   */
  readonly environmentName?: string;
  /**
   * Environment variables for the tasks.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * The network in which the tasks run. They need a route to DynamoDB, where the ledger is.
   * @default - none
   */
  readonly vpc?: aws_ec2.IVpc;
  /**
   * The subnets in which the tasks run.
   * @default - the private ones
   */
  readonly vpcSubnets?: aws_ec2.SubnetSelection;
  /**
   * The security groups of the tasks.
   * @default - a group of its own, where there is a `vpc`
   */
  readonly securityGroups?: readonly aws_ec2.ISecurityGroup[];
  /**
   * How long one invocation may take, and with it each task; from 10 seconds to 15 minutes.
   * @default Duration.minutes(15)
   */
  readonly timeout?: Duration;
  /**
   * Memory of the tasks' function in MB, which its share of a processor goes with. 128 MB, the least, would make the
   * SDK take seconds to load.
   * @default 512
   */
  readonly memorySize?: number;
  /**
   * The processor that the tasks run on.
   * @default - x86_64
   */
  readonly architecture?: aws_lambda.Architecture;
  /**
   * Layers of the tasks' function.
   * @default - none
   */
  readonly layers?: readonly aws_lambda.ILayerVersion[];
  /**
   * How the tasks are bundled.
   * @default - ESM, minified, with source maps and with the AWS SDK inside
   */
  readonly bundling?: TaskBundling;
  /**
   * Identifies the deploy, e.g. a git SHA. A deploy that repeats the last one's runs no task.
   * @default - a stamp of the synth, so that every deploy runs what is pending
   */
  readonly deployId?: string;
  /**
   * How long a deploy waits for its tasks; from 10 seconds to 55 minutes.
   * @default Duration.minutes(30)
   */
  readonly deployTimeout?: Duration;
  /**
   * Whether a task that fails fails the deploy, or is only said.
   * @default 'fail-deploy'
   */
  readonly onFailure?: 'fail-deploy' | 'continue';
  /**
   * Whether a stack that is being created runs the tasks there are, or records them as `baselined`.
   * @default 'run'
   */
  readonly newEnvironment?: 'run' | 'baseline';
  /**
   * What has to be deployed before the tasks run, besides the rest of the stack.
   * @default - nothing
   */
  readonly executeAfter?: readonly IDependable[];
  /**
   * What is deployed only after the tasks have run.
   * @default - nothing
   */
  readonly executeBefore?: readonly Construct[];
  /**
   * The table that records what ran, with the string keys `pk` and `sk`; several parties may share one. Let its time
   * to live attribute be `expiresAt`.
   * @default - a table of its own
   */
  readonly ledger?: aws_dynamodb.ITableV2;
  /**
   * The party's name in the ledger. It has to stay: under another name all tasks are pending again.
   * @default - the root stack's name and the construct's path below it
   */
  readonly ledgerId?: string;
  /**
   * What becomes of the ledger and the logs when the party is removed.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Whether the party's own ledger is protected from deletion; not for one that is given.
   * @default false
   */
  readonly deletionProtection?: boolean;
  /**
   * How long logs and the records of runs are kept; those of tasks are kept for good.
   * @default RetentionDays.ONE_YEAR
   */
  readonly logRetention?: aws_logs.RetentionDays;
}
