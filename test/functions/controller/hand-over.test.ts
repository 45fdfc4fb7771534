import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workflow } from '../../../functions/controller/ports.ts';
import type { DecideMessage, Decision, Work } from '../../../functions/workflow-messages.ts';
import { TestTable } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, RUN, runOf, selectedTask, TestParty } from './party.ts';

type State = DecideMessage['state'];

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const WORK: Work = { v: 1, runId: RUN, versions: ['1'], timeoutSeconds: 960 };

async function partyWith(stepsLimit: number | undefined, start: Workflow['start']) {
  const party = new TestParty(table, manifestOf(deployed('1')), {
    workflow: { start, isRunning: async () => true, check: async () => undefined },
    ...(stepsLimit === undefined ? {} : { stepsLimit }),
  });
  await party.ledger.runs.accept(runOf([selectedTask('1')]));
  const decide = async (state: Partial<State> = {}) =>
    (await party.send({ v: 1, request: 'decide', state: { v: 1, runId: RUN, ...state } })) as Decision;
  return { party, decide };
}

describe('an execution', () => {
  it('counts its steps, and goes on below the limit', async () => {
    const { decide } = await partyWith(3, async () => Promise.reject(new Error('started')));
    expect(await decide()).toMatchObject({ action: 'run', steps: 1 });
    expect(await decide({ steps: 1, generation: 4 })).toMatchObject({
      action: 'run',
      steps: 2,
      generation: 4,
    });
  });

  it('hands over at the limit, before anything of the next step is done', async () => {
    const started: unknown[] = [];
    const { party, decide } = await partyWith(3, async (...execution) => {
      started.push(execution);
      return 'started';
    });
    expect(await decide({ steps: 2 })).toEqual({ v: 1, runId: RUN, action: 'end' });
    expect(await decide({ steps: 2, generation: 1 })).toEqual({ v: 1, runId: RUN, action: 'end' });
    expect(started).toEqual([
      [RUN, 1],
      [RUN, 2],
    ]);
    expect(await party.ledger.runs.require(RUN)).toMatchObject({ state: 'running', generation: 2 });
    // The successor comes to the same decision, and counts anew.
    expect(await decide({ generation: 2 })).toMatchObject({ action: 'run', steps: 1, generation: 2 });
  });

  it('settles a crash before it hands over', async () => {
    const { party, decide } = await partyWith(1, async () => 'started');
    await party.claim('1', RUN);
    await decide({ work: WORK, error: { Error: 'Runtime.ExitError' }, steps: 0 });
    expect(await party.ledger.record('1')).toMatchObject({ state: 'failed' });
  });

  it('does not hand over a run that has ended', async () => {
    const { party, decide } = await partyWith(1, async () => Promise.reject(new Error('started')));
    await party.executed('1', 'succeeded', RUN);
    expect(await decide({ steps: 5 })).toEqual({ v: 1, runId: RUN, action: 'end' });
  });

  it('stays far below the 25,000 events that its history may have, 14 of them a step', async () => {
    const { decide } = await partyWith(undefined, async () => 'started');
    expect(await decide({ steps: 500 })).toMatchObject({ action: 'run' });
    expect(await decide({ steps: 1_400 })).toMatchObject({ action: 'end' });
  });

  it('that was followed is not mistaken for the end of its run', async () => {
    const started: unknown[] = [];
    const { party } = await partyWith(undefined, async (...execution) => {
      started.push(execution);
      return 'started';
    });
    await party.ledger.runs.handOver(RUN, 3);
    await party.ask({ request: 'invoke', runId: RUN, names: ['1'], by: 'ann' });
    expect(started).toEqual([[RUN, 3]]);
  });
});
