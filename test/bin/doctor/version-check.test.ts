import { describe, expect, it } from 'vitest';
import { versionCheck } from '../../../bin/doctor/version-check.ts';

describe('the version of the construct', () => {
  it.each([
    ['0.9.9', '0.10.0', 'older'],
    ['1.2.3', '1.2.4', 'older'],
    ['1.2.3-beta.1', '1.2.3', 'older'],
    ['1.2.3-beta.1', '1.2.3-beta.2', 'older'],
    [undefined, '0.1.0', 'older'],
    ['0.10.0', '0.9.9', 'newer'],
    ['2.0.0', '1.9.9', 'newer'],
    ['1.2.3', '1.2.3-beta.1', 'newer'],
  ])('%s, seen by %s, is %s', (deployed, own, age) => {
    const { state, message, resolution } = versionCheck(deployed, own);

    expect(state).toBe('wrong');
    expect(message).toContain(`the construct is ${age} than this program`);
    expect(resolution).toContain(deployed === undefined ? own : `after-party@${deployed}`);
  });

  it('is right where both are the same', () => {
    expect(versionCheck('1.2.3', '1.2.3')).toEqual({
      ...{ check: 'version', state: 'ok', message: '1.2.3', resolution: null },
    });
  });
});
