import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../functions/controller/party-config.ts';
import { VARIABLES } from '../../../functions/environment.ts';
import { config } from './party.ts';

const variables = {
  [VARIABLES.table]: 'ledger',
  [VARIABLES.ledgerId]: 'Shop-prod/Tasks',
  [VARIABLES.stateMachineArn]: 'arn:aws:states:eu-west-1:123456789012:stateMachine:tasks',
  [VARIABLES.runnerLogGroup]: 'runner-logs',
  [VARIABLES.environmentName]: config.environmentName,
  [VARIABLES.party]: config.party,
  [VARIABLES.stackId]: config.stackId,
  [VARIABLES.deployTimeout]: '1800',
  [VARIABLES.runnerTimeout]: '900',
  [VARIABLES.onFailure]: 'fail-deploy',
  [VARIABLES.newEnvironment]: 'run',
  [VARIABLES.ownsLedger]: 'true',
  [VARIABLES.retentionDays]: '365',
};

describe('the environment', () => {
  it('is what the construct sets', () => {
    expect(readEnvironment(variables)).toEqual({
      config,
      table: 'ledger',
      ledgerId: 'Shop-prod/Tasks',
      stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:tasks',
      runnerLogGroup: 'runner-logs',
    });
  });

  it('may name an endpoint, and a ledger from elsewhere', () => {
    const AWS_ENDPOINT_URL = 'http://127.0.0.1:4566';
    const read = readEnvironment({ ...variables, AWS_ENDPOINT_URL, [VARIABLES.ownsLedger]: 'false' });
    expect(read.config).toMatchObject({ endpointUrl: AWS_ENDPOINT_URL, ownsLedger: false });
  });

  it('says where the stack has several parties', () => {
    expect(readEnvironment({ ...variables, [VARIABLES.sharesStack]: 'true' }).config).toEqual({
      ...config,
      sharesStack: true,
    });
  });

  it.each(Object.keys(variables))('fails without %s', (name) => {
    const { [name]: _, ...rest } = variables as Record<string, string>;
    expect(() => readEnvironment(rest)).toThrow(name);
    expect(() => readEnvironment({ ...variables, [name]: '' })).toThrow(name);
  });

  it.each([
    [VARIABLES.deployTimeout, '30 min'],
    [VARIABLES.retentionDays, '-1'],
    [VARIABLES.onFailure, 'ignore'],
    [VARIABLES.ownsLedger, 'yes'],
    [VARIABLES.sharesStack, 'no'],
  ])('fails with %s=%s', (name, value) => {
    expect(() => readEnvironment({ ...variables, [name]: value })).toThrow(name);
  });
});
