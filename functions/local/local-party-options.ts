import type { ControllerLog, PartyConfig, StackStates } from '../controller/ports.ts';
import type { PartyError } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import type { PartyChoice } from './app-parties.ts';
import type { LocalLogLine } from './local-logs.ts';

export interface LocalPartyOptions {
  /** Where the database and the logs are: `.after-party` beside cdk.json. */
  readonly folder: string;
  readonly tasksFolder: string;
  /** Bundles the tasks: the entry is an ES module that exports the runner's `handler`. */
  readonly bundle: () => Promise<{ readonly entry: string; readonly manifest: Manifest }>;
  /**
   * The app as `cdk synth` wrote it. Its tables are made, and the variables that refer to them resolve.
   * @default - the tasks have `tasks/.env.local` alone
   */
  readonly cdkOut?: string;
  /**
   * Which of the app's parties is meant.
   * @default - the only one
   */
  readonly choice?: PartyChoice;
  /**
   * Further variables for the tasks, before all others.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Whether tasks may reach AWS, with the credentials of this process; DynamoDB stays the one on this machine.
   * @default false
   */
  readonly withAws?: boolean;
  /**
   * Tells the parties of one folder apart.
   * @default - the path of the tasks' folder
   */
  readonly ledgerId?: string;
  /**
   * What the construct would say of the party.
   * @default - as the construct's own, in an environment `local`
   */
  readonly config?: Partial<PartyConfig>;
  /**
   * CloudFormation's view of the stack.
   * @default - a stack at rest
   */
  readonly stacks?: StackStates;
  /**
   * What the controller says.
   * @default - is appended to `controller.log` in the folder
   */
  readonly log?: ControllerLog;
  /** Is called with each line that a task writes, at once. */
  readonly onLogLine?: (line: LocalLogLine) => void;
  /**
   * Is called with what does not keep the party from working: a table of the app that the database on this machine
   * cannot have, a run of a killed process that cannot be gone on with.
   */
  readonly onWarning?: (warning: PartyError) => void;
  /** Is called with the process id of each runner that begins. */
  readonly onRunner?: (processId: number) => void;
  /**
   * How long the database server stays after its last client.
   * @default 30
   */
  readonly idleSeconds?: number;
}
