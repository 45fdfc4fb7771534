import { expect, it } from 'vitest';
import { taskName } from '../../../bin/project/task-name.ts';

it.each([
  ['Backfill full-name', 'backfill_full_name'],
  ['HTTPServerRestart', 'http_server_restart'],
  ['größe Ändern', 'grosse_andern'],
  ['größeÄndern', 'grosse_andern'],
  ['Łódź ØREDEV Straße', 'lodz_oredev_strasse'],
  ['  __x__2  ', 'x_2'],
  ["fix: issue #111, don't wait!", 'fix_issue_111_dont_wait'],
  ['restart.search.v2', 'restart_search_v2'],
])('makes a name of %j', (spelled, name) => {
  expect(taskName(spelled)).toBe(name);
});

it.each([
  ['', 'give it some letters'],
  ['_', 'give it some letters'],
  ['!!', 'give it some letters'],
  ['2nd_try', 'begin with a letter'],
  ['20261120092000_notify', 'leave out the version, which is made for you: notify'],
  ['a/b', 'without a folder'],
  ['a\\b', 'without a folder'],
  ['名前', 'use Latin letters'],
  ['x.ts', 'leave out the extension'],
  ['a'.repeat(101), 'use at most 100'],
])('says what to change of %j', (spelled, help) => {
  expect(() => taskName(spelled)).toThrow(
    expect.objectContaining({ code: 'bad-name', resolution: expect.stringContaining(help) }),
  );
});
