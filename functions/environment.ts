/** Names of the environment variables that the construct sets and the functions read. */
export const VARIABLES = {
  table: 'AFTER_PARTY_TABLE',
  ledgerId: 'AFTER_PARTY_LEDGER_ID',
  environmentName: 'AFTER_PARTY_ENVIRONMENT',
  /** The runner's configured timeout in seconds. */
  runnerTimeout: 'AFTER_PARTY_RUNNER_TIMEOUT',
  party: 'AFTER_PARTY_PARTY',
  /** `true` where the stack has several parties; absent otherwise. */
  sharesStack: 'AFTER_PARTY_SHARES_STACK',
  stackId: 'AFTER_PARTY_STACK_ID',
  stateMachineArn: 'AFTER_PARTY_STATE_MACHINE',
  runnerLogGroup: 'AFTER_PARTY_RUNNER_LOGS',
  /** How long a deploy waits, in seconds. */
  deployTimeout: 'AFTER_PARTY_DEPLOY_TIMEOUT',
  onFailure: 'AFTER_PARTY_ON_FAILURE',
  newEnvironment: 'AFTER_PARTY_NEW_ENVIRONMENT',
  /** `true` where the ledger belongs to the party's own stack. */
  ownsLedger: 'AFTER_PARTY_OWNS_LEDGER',
  /** How many days a run's record is kept. */
  retentionDays: 'AFTER_PARTY_RETENTION_DAYS',
} as const;
