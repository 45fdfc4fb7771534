import { describe, expect, it } from 'vitest';
import { findTasks, knownTasks } from '../../../functions/controller/task-names.ts';
import { PartyError } from '../../../functions/errors.ts';
import type { TaskRecord } from '../../../functions/ledger/index.ts';
import { deployed, manifestOf, recordOf } from './party.ts';

const manifest = manifestOf(
  deployed('20260126080000', { name: 'restart_search' }),
  deployed('007', { name: 'first_admin' }),
  deployed('20260302090000', { name: 'recalculate_invoices' }),
);
const records = new Map<string, TaskRecord | PartyError>([
  ['7', recordOf('7', { name: 'first_admin' })],
  ['20250101000000', recordOf('20250101000000', { name: 'recalculate_invoices' })],
  ['20240101000000', new PartyError('damaged-record', 'the item is damaged')],
]);
const known = knownTasks(manifest, records, [{ version: '20261121080000', name: 'drop_old_name' }]);

const versionsOf = (...names: string[]) => findTasks(known, names).map(({ version }) => version);

describe('a task is found', () => {
  it.each([
    ['its version', '20260126080000'],
    ['its name', 'restart_search'],
    ['its file name', '20260126080000_restart_search.ts'],
    ['its file name without the extension', '20260126080000_restart_search'],
    ['its path', 'tasks/20260126080000_restart_search.mts'],
    ['its path on Windows', 'tasks\\20260126080000_restart_search.js'],
  ])('by %s', (_, name) => {
    expect(versionsOf(name)).toEqual(['20260126080000']);
  });

  it('with and without leading zeros, and shown as its file has them', () => {
    expect(versionsOf('7')).toEqual(['007']);
    expect(versionsOf('0007_first_admin.ts')).toEqual(['007']);
  });

  it('that is only recorded, or only on the machine of whoever asks', () => {
    expect(findTasks(known, ['20250101000000'])).toMatchObject([{ deployed: undefined }]);
    expect(findTasks(known, ['drop_old_name'])).toMatchObject([{ deployed: undefined }]);
  });

  it('whose record is damaged, by its version', () => {
    expect(findTasks(known, ['20240101000000'])).toEqual([
      { version: '20240101000000', name: '', deployed: undefined },
    ]);
  });

  it('once, however often it is named, and in version order', () => {
    expect(versionsOf('restart_search', '20260126080000', 'first_admin')).toEqual(['007', '20260126080000']);
  });
});

describe('fails for', () => {
  it('a name that nobody knows, with one that was probably meant', () => {
    expect(() => versionsOf('restart')).toThrow('there is no task "restart" (did you mean restart_search?)');
    expect(() => versionsOf('restrat_serch')).toThrow(/ \(did you mean restart_search\?\)$/);
    expect(() => versionsOf('nonsense')).toThrow(/"nonsense"$/);
  });

  it('a good name beside a bad one', () => {
    expect(() => versionsOf('restart_search', 'nonsense')).toThrow('there is no task "nonsense"');
  });

  it('an ambiguous name, with the versions that it may be', () => {
    expect(() => versionsOf('recalculate_invoices')).toThrow(
      '"recalculate_invoices" may be 20250101000000_recalculate_invoices and 20260302090000_recalculate_invoices',
    );
    expect(versionsOf('20260302090000_recalculate_invoices')).toEqual(['20260302090000']);
  });

  it('every name that is wrong', () => {
    expect(() => versionsOf('nonsense', '99', 'recalculate_invoices')).toThrow(
      /"nonsense"; there is no task "99"; "recalculate_invoices" may be/,
    );
  });

  it.each(['20260126080000_first_admin', 'restart_search.ts.bak', '20260126080000_'])(
    'what only looks like a file of it: %j',
    (name) => {
      expect(() => versionsOf(name)).toThrow('there is no task');
    },
  );
});
