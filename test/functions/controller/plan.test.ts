import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeployPlan } from '../../../functions/controller/deploy-plan.ts';
import type { PartyConfig } from '../../../functions/controller/ports.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, config, deployed, manifestOf, OTHER_RUN, TestParty } from './party.ts';
import { SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...tasks: ManifestTask[]) => new TestParty(table, manifestOf(...tasks));
const planOf = (party: TestParty, ...tasks: ManifestTask[]) =>
  party.ask<DeployPlan>({ request: 'plan', tasks });
const brief = ({ blocking, everyDeploy, background }: DeployPlan) =>
  [blocking, everyDeploy, background].map((tasks) => tasks.map(({ version, does }) => `${version} ${does}`));
const leftOut = ({ leftOut }: DeployPlan) => leftOut.map(({ version, because }) => `${version} ${because}`);

it('is made of the local tasks against the ledger, in the order of a deploy', async () => {
  const done = deployed('1');
  const party = partyOf(done);
  await party.executed('1', 'succeeded');

  const plan = await planOf(
    party,
    deployed('9', { when: 'every-deploy' }),
    done,
    deployed('3'),
    deployed('2', { description: 'Two' }),
    deployed('4', { background: true }),
  );

  expect(brief(plan)).toEqual([['2 run', '3 run'], ['9 run'], ['4 run']]);
  expect(plan).toMatchObject({ environment: 'production', stack: 'Shop-prod', leftOut: [], settled: 1 });
  expect(plan.blocking[0]).toEqual({
    ...{ version: '2', name: 'task_2', description: 'Two', when: 'once', background: false },
    ...{ state: 'pending', notes: ['not-deployed'], attempt: 0, does: 'run', why: null },
  });
});

it('says what is left out, and why', async () => {
  const tasks = [
    deployed('1'),
    deployed('2'),
    deployed('3', { environments: ['staging', 'test'] }),
    deployed('4', { when: 'manual' }),
    deployed('5'),
    deployed('6', { background: true, delivery: 'at-most-once' }),
    deployed('7', { background: true }),
  ];
  const party = partyOf(...tasks, deployed('8'), deployed('9'));
  const audit = { by: ARN, reason: 'by hand' };
  await party.ask({ request: 'skip', names: ['1'], ...audit });
  await party.ask({ request: 'pause', names: ['2'], ...audit });
  await party.ask({ request: 'cancel-task', names: ['5'], ...audit });
  await party.executed('6', 'in-doubt');
  await party.claim('7', OTHER_RUN, at(200));
  await party.executed('8', 'failed');
  await party.executed('9', 'succeeded');

  const plan = await planOf(party, ...tasks);

  expect(brief(plan)).toEqual([[], [], []]);
  expect(leftOut(plan)).toEqual([
    '1 skipped',
    '2 paused',
    '3 environments',
    '4 manual',
    '5 cancelled',
    '6 not-ready',
    '7 running',
    '8 no-file',
  ]);
  expect(plan.leftOut.map(({ why }) => why)).toEqual([
    '"by hand"',
    '"by hand"',
    'only in staging, test',
    null,
    '"by hand"',
    expect.stringContaining('in doubt'),
    expect.stringContaining(OTHER_RUN),
    'it is failed, and its file is not in tasks/',
  ]);
});

it('goes on with what was interrupted, and waits for what is being executed', async () => {
  const tasks = [deployed('1'), deployed('2'), deployed('3')];
  const party = partyOf(...tasks);
  const claim = await party.claim('1');
  await party.ledger.tasks.finish(claim, { state: 'interrupted', cursor: 7 }, at(10));
  await party.claim('2', OTHER_RUN, at(200));

  expect(brief(await planOf(party, ...tasks))[0]).toEqual(['1 resume', '2 wait', '3 run']);
});

it('comes no further than what stops the deploy', async () => {
  const tasks = [
    deployed('1'),
    deployed('2', { delivery: 'at-most-once' }),
    deployed('3'),
    deployed('4', { when: 'every-deploy' }),
    deployed('5', { background: true }),
  ];
  const party = partyOf(...tasks);
  await party.executed('2', 'in-doubt');

  const plan = await planOf(party, ...tasks);

  expect(brief(plan)).toEqual([['1 run', '2 stop', '3 behind'], ['4 behind'], ['5 behind']]);
  expect(plan.blocking[2]?.why).toBe('2_task_2 stops the deploy first');

  const tolerant = tasks.map((task) =>
    task.version === '2' ? { ...task, onFailure: 'continue' as const } : task,
  );
  const passed = await planOf(party, ...tolerant);
  expect(brief(passed)).toEqual([['1 run', '3 run'], ['4 run'], ['5 run']]);
  expect(leftOut(passed)).toEqual(['2 not-ready']);
});

it('begins nothing where a record is damaged', async () => {
  const tasks = [deployed('1'), deployed('2')];
  const party = partyOf(...tasks);
  await party.ledger.edit('task#2', { attempt: 'many' });

  const plan = await planOf(party, ...tasks);

  expect(brief(plan)[0]).toEqual(['1 behind', '2 stop']);
  expect(plan.blocking[1]).toMatchObject({ state: 'damaged', why: expect.stringContaining('damaged: ') });
});

it('sees what a task has to come after', async () => {
  const tasks = [
    deployed('1', { name: 'first' }),
    deployed('2', { name: 'by_hand', when: 'manual' }),
    deployed('3', { name: 'then', after: ['first'] }),
    deployed('4', { name: 'stuck', after: ['by_hand'] }),
    deployed('5', { name: 'late', background: true, after: ['early', 'first'] }),
    deployed('6', { name: 'early', background: true }),
    deployed('7', { name: 'never', background: true, after: ['lost'] }),
    deployed('8', { name: 'lost', background: true, after: ['by_hand'] }),
  ];
  const stuck = await planOf(partyOf(), ...tasks);
  expect(brief(stuck)).toEqual([
    ['1 run', '3 run', '4 stop'],
    [],
    ['5 behind', '6 behind', '7 behind', '8 behind'],
  ]);
  expect(stuck.blocking[2]?.why).toBe(
    'task 4_stuck must run after 2_by_hand (pending), which has not succeeded',
  );

  const plan = await planOf(partyOf(), ...tasks.filter(({ name }) => name !== 'stuck'));
  expect(brief(plan)).toEqual([['1 run', '3 run'], [], ['5 run', '6 run']]);
  expect(leftOut(plan)).toEqual(['2 manual', '7 not-ready', '8 not-ready']);
  expect(plan.leftOut[1]?.why).toContain('must run after 8_lost');
});

it('names what has changed since it succeeded, which does not run again', async () => {
  const party = partyOf(deployed('1'));
  await party.executed('1', 'succeeded');

  const plan = await planOf(party, deployed('1', { checksum: 'c2' }));

  expect(brief(plan)[0]).toEqual([]);
  expect(plan.leftOut).toMatchObject([{ because: 'changed', notes: ['changed'] }]);
});

it('works before the first deploy, and follows what the party says of failures', async () => {
  const tolerant: PartyConfig = { ...config, onFailure: 'continue' };
  const party = new TestParty(table, manifestOf(), { config: tolerant });

  const plan = await planOf(party, deployed('1'));

  expect(plan).toMatchObject({ deployedAt: null, blocking: [{ version: '1' }] });
});

it('is refused where a task comes after what is no task', async () => {
  const request = { request: 'plan', tasks: [deployed('1', { after: ['frist'] })] };
  expect(await partyOf().refusal(request)).toMatchObject({ code: 'bad-manifest' });
  expect(await partyOf().refusal({ request: 'plan', tasks: [{ version: '1' }] })).toMatchObject({
    code: 'bad-request',
  });
});

it('is a look, and changes nothing', async () => {
  const party = partyOf(deployed('1'));
  const answer = await party.send({ v: 1, request: 'plan', tasks: [deployed('1')] }, 'status');
  expect(answer).toHaveProperty('ok');
  expect(await party.ledger.tasks.all()).toEqual(new Map());
});

it('is what a run then executes', async () => {
  const tasks = [deployed('1'), deployed('2', { when: 'manual' }), deployed('3')];
  const party = partyOf(...tasks);
  const plan = await planOf(party, ...tasks);
  const run = await party.ask<{ tasks: { version: string }[] }>({
    ...{ request: 'run', runId: 'c'.repeat(32), by: ARN },
  });
  expect(run.tasks.map(({ version }) => version)).toEqual(plan.blocking.map(({ version }) => version));
});

it('has background tasks wait for one that another run is at', async () => {
  const tasks = [
    deployed('1', { name: 'first', background: true }),
    deployed('2', { name: 'then', background: true, after: ['first'] }),
  ];
  const party = partyOf(...tasks);
  await party.claim('1', OTHER_RUN, at(200));

  const plan = await planOf(party, ...tasks);

  expect(brief(plan)).toEqual([[], [], ['2 run']]);
  expect(leftOut(plan)).toEqual(['1 running']);
});

it('goes on with children that nobody executes, and waits for those that a run sees to', async () => {
  const party = await SplittingParty.split(table, ['a', 'b'], { runId: OTHER_RUN });
  const { tasks } = party.ports.manifest;

  expect(brief(await planOf(party, ...tasks))[0]).toEqual(['1 resume', '2 run']);
  party.ports.workflow.isRunning = async () => true;
  expect(brief(await planOf(party, ...tasks))[0]).toEqual(['1 wait', '2 run']);
});
