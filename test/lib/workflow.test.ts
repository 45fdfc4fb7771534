import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { type Decision, decideMessageSchema, workSchema } from '../../functions/workflow-messages.ts';
import { workflowDefinition } from '../../lib/workflow.ts';

interface Retry {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly MaxAttempts: number;
}

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Parameters?: {
    readonly FunctionName: string;
    readonly Payload?: unknown;
    readonly 'Payload.$'?: string;
  };
  readonly InputPath?: string;
  readonly OutputPath?: string;
  readonly ResultPath?: string;
  readonly ResultSelector?: unknown;
  readonly TimeoutSecondsPath?: string;
  readonly SecondsPath?: string;
  readonly Choices?: readonly {
    readonly Variable: string;
    readonly StringEquals: string;
    readonly Next: string;
  }[];
  readonly Retry?: readonly Retry[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly ResultPath: string;
    readonly Next: string;
  }[];
}

const { StartAt, States } = workflowDefinition({
  partition: 'aws',
  controllerArn: 'arn:controller',
  runnerArn: 'arn:runner',
}) as { StartAt: string; States: Readonly<Record<string, State>> };

const RUN_ID = '0123456789abcdef0123456789abcdef';
const WORK = { v: 1, runId: RUN_ID, versions: ['1'], timeoutSeconds: 910 } as const;
const RUN: Decision = { v: 1, runId: RUN_ID, action: 'run', work: { ...WORK, versions: ['1'] } };
const END: Decision = { v: 1, runId: RUN_ID, action: 'end' };

type Document = Record<string, unknown>;

/** A path of the kind that the definition uses. */
function at(path: string, document: unknown): unknown {
  const names = path.split('.').slice(1);
  return names.reduce<unknown>((value, name) => (value as Document)[name], document);
}

/** Fills in the fields of a template that end in `.$`. */
function filled(template: unknown, document: unknown): unknown {
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), at(String(value), document)]
        : [name, filled(value, document)],
    ),
  );
}

/** Carries the definition out as Step Functions would, as far as it uses it, on functions that answer as told. */
function execute(functions: { decide: (message: unknown) => Decision; run: (work: unknown) => unknown }) {
  const calls = { 'arn:controller': functions.decide, 'arn:runner': functions.run };
  const path: string[] = [];
  let document: unknown = { v: 1, runId: RUN_ID };
  for (let name: string | undefined = StartAt; name !== undefined && path.length < 50; ) {
    const state: State | undefined = States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    path.push(name);
    [document, name] = step(state, document);
  }
  return { path, output: document };

  function step(state: State, input: unknown): [unknown, string | undefined] {
    if (state.Type === 'Choice') {
      const choice = state.Choices?.find(
        ({ Variable, StringEquals }) => at(Variable, input) === StringEquals,
      );
      return [input, choice?.Next];
    }
    if (state.Type === 'Wait') expect(at(state.SecondsPath ?? '', input)).toBeTypeOf('number');
    if (state.Type !== 'Task' && state.Type !== 'Pass') return [input, state.Next];
    const effective = state.InputPath === undefined ? input : at(state.InputPath, input);
    let result = effective;
    if (state.Type === 'Task') {
      if (state.TimeoutSecondsPath !== undefined)
        expect(at(state.TimeoutSecondsPath, input)).toBeTypeOf('number');
      const { FunctionName, Payload } = filled(state.Parameters, effective) as {
        FunctionName: keyof typeof calls;
        Payload: unknown;
      };
      try {
        result = { Payload: calls[FunctionName](Payload), StatusCode: 200 };
      } catch (error) {
        const handler = state.Catch?.[0];
        if (handler === undefined) throw error;
        return [
          assign(input, handler.ResultPath, { Error: 'Runtime.ExitError', Cause: String(error) }),
          handler.Next,
        ];
      }
    }
    if (state.ResultSelector !== undefined) result = filled(state.ResultSelector, result);
    const output = assign(input, state.ResultPath ?? '$', result);
    return [state.OutputPath === undefined ? output : at(state.OutputPath, output), state.Next];
  }
}

function assign(input: unknown, path: string, value: unknown): unknown {
  return path === '$' ? value : { ...(input as Document), [path.slice(2)]: value };
}

/** Answers each Decide in turn, and keeps what it was sent. */
function deciding(...decisions: Decision[]) {
  const messages: v.InferOutput<typeof decideMessageSchema>[] = [];
  const decide = (message: unknown): Decision => {
    messages.push(v.parse(decideMessageSchema, message));
    const decision = decisions[messages.length - 1];
    if (decision === undefined) throw new Error('asked too often');
    return decision;
  };
  return { messages, decide };
}

describe('the loop', () => {
  it('hands the work to the runner, and its report with the work back to Decide', () => {
    const { messages, decide } = deciding(RUN, END);
    const report = { v: 1, runId: RUN_ID, missing: '7' };

    const { path } = execute({
      decide,
      run: (work) => {
        expect(v.parse(workSchema, work)).toEqual(WORK);
        return report;
      },
    });

    expect(path).toEqual(['Decide', 'Action', 'Run', 'Report', 'Decide', 'Action', 'End']);
    expect(messages.map(({ state }) => state)).toEqual([
      { v: 1, runId: RUN_ID },
      { v: 1, runId: RUN_ID, work: WORK, report },
    ]);
  });

  it('hands what was caught to Decide', () => {
    const { messages, decide } = deciding(RUN, END);

    const { path } = execute({
      decide,
      run: () => {
        throw new Error('out of memory');
      },
    });

    expect(path).toEqual(['Decide', 'Action', 'Run', 'Decide', 'Action', 'End']);
    expect(messages[1]?.state).toEqual({
      v: 1,
      runId: RUN_ID,
      work: WORK,
      error: { Error: 'Runtime.ExitError', Cause: 'Error: out of memory' },
    });
  });

  it('carries nothing of an earlier round along', () => {
    const { messages, decide } = deciding(RUN, { v: 1, runId: RUN_ID, action: 'wait', seconds: 5 }, RUN, END);
    let crashed = false;

    execute({
      decide,
      run: () => {
        if (crashed) return { v: 1, runId: RUN_ID };
        crashed = true;
        throw new Error('crash');
      },
    });

    expect(messages.map(({ state }) => Object.keys(state).sort())).toEqual([
      ['runId', 'v'],
      ['error', 'runId', 'v', 'work'],
      ['runId', 'v'],
      ['report', 'runId', 'v', 'work'],
    ]);
  });

  it('has a way for each action and none for others', () => {
    expect(States.Action?.Choices?.map(({ StringEquals, Next }) => [StringEquals, Next])).toEqual([
      ['run', 'Run'],
      ['wait', 'Wait'],
      ['fan-out', 'FanOut'],
      ['end', 'End'],
    ]);
    expect(States.Action).not.toHaveProperty('Default');
  });
});

interface MapState {
  readonly Type: string;
  readonly Label: string;
  readonly ItemsPath: string;
  readonly MaxConcurrencyPath: string;
  readonly ToleratedFailureCount: number;
  readonly ItemSelector: Readonly<Record<string, unknown>>;
  readonly ItemProcessor: {
    readonly ProcessorConfig: unknown;
    readonly StartAt: string;
    readonly States: Readonly<Record<string, State>>;
  };
  readonly ResultPath: null;
  readonly Catch: readonly { readonly ErrorEquals: readonly string[]; readonly ResultPath: string }[];
  readonly Next: string;
}

describe('the Distributed Map over the children of a task', () => {
  const map = States.FanOut as unknown as MapState;
  const { States: inner, StartAt: first, ProcessorConfig } = map.ItemProcessor;
  const children = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const decision: Decision = {
    ...{ v: 1, runId: RUN_ID, action: 'fan-out', version: '20260401090000' },
    ...{ children, parallel: 8, share: 0.125, steps: 12, generation: 3 },
  };

  it('has each executed by an execution of its own, as many at a time as Decide says', () => {
    expect(map).toMatchObject({ Type: 'Map', Label: 'Children', Next: 'Decide' });
    expect(ProcessorConfig).toEqual({ Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' });
    expect(at(map.ItemsPath, decision)).toBe(children);
    expect(at(map.MaxConcurrencyPath, decision)).toBe(8);
  });

  it('lets one whose execution fails stop no other, and some that are told to stop all the rest', () => {
    expect(map.ToleratedFailureCount).toBe(10);
    expect(inner.ChildStop).toMatchObject({ Type: 'Fail', Error: 'AfterParty.Stopped' });
  });

  it('tells the first Decide of each which child it is for', () => {
    const context = { ...decision, $: { Map: { Item: { Value: 7 } } } };
    const selector = JSON.parse(JSON.stringify(map.ItemSelector).replace('"$$.', '"$.$.'));
    const state = filled(selector, context);
    expect(state).toEqual({ v: 1, runId: RUN_ID, version: '20260401090000', share: 0.125, child: 7 });
    expect(v.parse(decideMessageSchema, { v: 1, request: 'decide', state })).toMatchObject({
      state: { child: 7 },
    });
  });

  it('is the same loop within, under names of its own', () => {
    expect(first).toBe('ChildDecide');
    const loop = ['ChildDecide', 'ChildAction', 'ChildRun', 'ChildReport', 'ChildWait'];
    expect(Object.keys(inner)).toEqual([...loop, 'ChildStop', 'ChildEnd']);
    expect(Object.keys(States).filter((name) => name in inner)).toEqual([]);
    for (const name of ['Decide', 'Run', 'Report', 'Wait']) {
      const renamed = JSON.stringify(inner[`Child${name}`]).replace(/"Child(?=\w+")/g, '"');
      expect(JSON.parse(renamed)).toEqual(States[name]);
    }
    expect(inner.ChildAction?.Choices?.map(({ StringEquals, Next }) => [StringEquals, Next])).toEqual([
      ['run', 'ChildRun'],
      ['wait', 'ChildWait'],
      ['stop', 'ChildStop'],
      ['end', 'ChildEnd'],
    ]);
  });

  it('returns nothing, since all outputs together are limited', () => {
    expect(inner.ChildEnd).toEqual({ Type: 'Succeed', OutputPath: null });
    expect(map.ResultPath).toBeNull();
  });

  it('tells Decide why it was not carried out, in a state that has a size limit', () => {
    const [handler] = map.Catch;
    expect(handler).toMatchObject({ ErrorEquals: ['States.ALL'], Next: 'Decide' });
    // Step Functions cuts causes at 32,768 characters.
    const error = { Error: 'States.Runtime', Cause: 'c'.repeat(32_768) };
    const state = assign(decision, handler?.ResultPath ?? '', error);
    expect(v.parse(decideMessageSchema, { v: 1, request: 'decide', state }).state).toEqual({
      ...{ v: 1, runId: RUN_ID, version: '20260401090000', share: 0.125, steps: 12, generation: 3, error },
    });
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(262_144 / 2);
  });
});

describe('retries', () => {
  it('are made of every error of Decide, for minutes', () => {
    const [retry] = States.Decide?.Retry ?? [];

    expect(retry?.ErrorEquals).toEqual(['States.ALL']);
    const { IntervalSeconds = 0, BackoffRate = 0, MaxDelaySeconds = 0, MaxAttempts = 0 } = retry ?? {};
    const delays = Array.from({ length: MaxAttempts }, (_, attempt) =>
      Math.min(IntervalSeconds * BackoffRate ** attempt, MaxDelaySeconds),
    );
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThan(5 * 60);
  });

  it('are made of Run only where it was throttled, and so did not begin', () => {
    expect(States.Run?.Retry?.map(({ ErrorEquals }) => ErrorEquals)).toEqual([
      ['Lambda.TooManyRequestsException'],
    ]);
    expect(States.Run?.Catch?.map(({ ErrorEquals }) => ErrorEquals)).toEqual([['States.ALL']]);
  });
});
