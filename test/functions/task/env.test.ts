import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isPartyError } from '../../../functions/errors.ts';
import { taskEnvironment } from '../../../functions/task/env.ts';

describe('the environment of a task', () => {
  const env = taskEnvironment({ USERS_TABLE: 'users', EMPTY: '', AFTER_PARTY_TABLE: 'ours' }, 'backfill');

  it('has the variables that are set, also to nothing', () => {
    expect(env.USERS_TABLE).toBe('users');
    expect(env.EMPTY).toBe('');
  });

  it('throws for one that is not set, and says where to add it', () => {
    const read = () => env.ORDERS_TABLE;

    expect(read).toThrow('task backfill reads the environment variable ORDERS_TABLE, which is not set');
    try {
      read();
    } catch (error) {
      expect(isPartyError(error) && error.resolution).toBe(
        'add ORDERS_TABLE to the `environment` prop of AfterParty; on this machine, to tasks/.env.local',
      );
    }
  });

  it('hides the variables of the party itself', () => {
    expect(() => env.AFTER_PARTY_TABLE).toThrow('AFTER_PARTY_TABLE');
    expect(Object.keys(env)).toEqual(['USERS_TABLE', 'EMPTY']);
  });

  it('can be asked, copied, printed and awaited without throwing', async () => {
    expect('ORDERS_TABLE' in env).toBe(false);
    expect({ ...env }).toEqual({ USERS_TABLE: 'users', EMPTY: '' });
    expect(JSON.stringify(env)).toBe('{"USERS_TABLE":"users","EMPTY":""}');
    expect(inspect(env)).toContain('USERS_TABLE');
    expect(await Promise.resolve(env)).toBe(env);
  });

  it('cannot be written to', () => {
    expect(() => Object.assign(env, { USERS_TABLE: 'other' })).toThrow(TypeError);
  });
});
