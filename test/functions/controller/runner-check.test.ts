import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision, RunnerCheck } from '../../../functions/workflow-messages.ts';
import { TestTable } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, newRunId, TestParty } from './party.ts';

const by = 'arn:aws:iam::1:user/ann';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

/** A party whose checks of the runner come to this, one after the other. */
function partyWith(...checks: (RunnerCheck | undefined)[]): { party: TestParty; ids: string[] } {
  const ids: string[] = [];
  const party = new TestParty(table, manifestOf(deployed('1')));
  const check = async (id: string) => {
    ids.push(id);
    return checks.shift();
  };
  Object.assign(party.ports, { workflow: { ...party.ports.workflow, check } });
  return { party, ids };
}

function decide(state: object): Promise<Decision> {
  const { party } = partyWith();
  return party.send({ v: 1, request: 'decide', state: { v: 1, check: true, ...state } }) as Promise<Decision>;
}

describe('a check of the runner', () => {
  it('calls it once, with nothing to execute, and ends with what it says', async () => {
    const runId = newRunId();
    const begun = await decide({ runId });

    expect(begun).toEqual({
      ...{ v: 1, runId, action: 'run', check: true },
      work: { v: 1, runId, versions: [], timeoutSeconds: 60 },
    });
    expect(await decide({ ...begun, report: { v: 1, runId } })).toEqual({ v: 1, runId, action: 'end' });
    expect(await decide({ ...begun, report: { v: 1, runId, unreached: 'no route' } })).toEqual({
      ...{ v: 1, runId, action: 'end', unreached: 'no route' },
    });
  });

  it.each([
    ['States.Timeout', undefined, 'the runner did not answer within 60 s'],
    ['Runtime.ExitError', 'exit status 3', "the runner's process ended with exit code 3 when it was called"],
    ['Runtime.ImportModuleError', 'no such module', 'no such module'],
  ])('ends with the reason where that broke off: %s', async (errorType, errorMessage, reason) => {
    const Cause = errorMessage && JSON.stringify({ errorType, errorMessage });

    const end = await decide({ runId: newRunId(), error: { Error: errorType, Cause } });

    expect(end).toMatchObject({ action: 'end', broken: expect.stringContaining(reason) });
  });

  it('is asked for again until it has ended, and leaves nothing in the ledger', async () => {
    const { party, ids } = partyWith(undefined, {}, { unreached: 'no route' }, { broken: 'no module' });
    const runId = newRunId();
    const ask = () => party.ask({ request: 'check-runner', runId, by });

    expect(await ask()).toEqual({ state: 'checking', reason: null });
    expect(await ask()).toEqual({ state: 'works', reason: null });
    expect(await ask()).toEqual({ state: 'unreached', reason: 'no route' });
    expect(await ask()).toEqual({ state: 'broken', reason: 'no module' });
    expect(ids).toEqual([runId, runId, runId, runId]);
    expect(await party.ledger.runs.get(runId)).toBeUndefined();
  });

  it('is refused to who may only look', async () => {
    const { party, ids } = partyWith({});

    const answer = await party.send({ v: 1, request: 'check-runner', runId: newRunId(), by }, 'status');

    expect(answer).toMatchObject({ error: { code: 'read-only' } });
    expect(ids).toEqual([]);
  });
});
