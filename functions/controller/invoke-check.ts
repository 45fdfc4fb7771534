import { PartyError } from '../errors.ts';
import type { ListedChild } from '../ledger/child-records.ts';
import type { ManifestTask } from '../manifest.ts';
import { idOf } from '../task/task-id.ts';
import { childName } from './children-outcome.ts';
import { childStatus } from './children-status.ts';
import type { LedgerView } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { RequestOf } from './requests.ts';
import { taskStatus } from './task-status.ts';

type InvokeRequest = RequestOf<'invoke'>;

/** States that need no second word: nothing has succeeded, and nobody has decided anything. */
const UNASKED: ReadonlySet<string> = new Set([
  ...['pending', 'failed', 'stale', 'manual', 'every-deploy'],
  ...['interrupted', 'paused'],
]);
const PARAMS_LIMIT_BYTES = 32_768;

/**
 * Whether what is to be invoked can be, in this way, and needs no second word.
 * @param children the only ones of the only task that are meant
 * @throws PartyError `confirm`, `bad-params`, `bad-request`
 */
export function checkInvoke(
  ports: ControllerPorts,
  view: LedgerView,
  request: InvokeRequest,
  tasks: readonly ManifestTask[],
  children: readonly ListedChild[] | undefined,
): void {
  if (!request.confirmed && !request.dryRun) refuseUnconfirmed(ports, view, tasks, children);
  checkParams(request.params, tasks);
  checkDryRun(request);
  checkLimit(request, tasks, children);
}

function refuseUnconfirmed(
  ports: ControllerPorts,
  view: LedgerView,
  tasks: readonly ManifestTask[],
  children: readonly ListedChild[] | undefined,
): void {
  const asking = tasks.flatMap((task) => {
    const { version, name } = task;
    if (children !== undefined) return unconfirmedChildren(ports, task, children);
    const status = taskStatus(ports, view, { version, name, deployed: task });
    const anew = task.when === 'manual' && status.state === 'succeeded';
    return UNASKED.has(status.state) || anew ? [] : [`${idOf(task)} is ${status.state}`];
  });
  if (asking.length > 0)
    throw new PartyError(
      'confirm',
      `run again what has an outcome? ${asking.join('; ')}`,
      'say so with --yes',
    );
}

function unconfirmedChildren(
  ports: ControllerPorts,
  task: ManifestTask,
  children: readonly ListedChild[],
): string[] {
  return children.flatMap((child) => {
    const { number, shard, key, state } = childStatus(child, ports.now());
    const name = childName(number, shard === null ? key : undefined);
    return UNASKED.has(state) ? [] : [`${name} of ${idOf(task)} is ${state}`];
  });
}

function checkDryRun({ dryRun, fromStart }: InvokeRequest): void {
  if (dryRun && fromStart)
    throw new PartyError(
      'bad-request',
      'a dry run keeps what is recorded, and so cannot begin anew',
      'leave out --from-start or --dry-run',
    );
}

function checkLimit(
  { limit }: InvokeRequest,
  tasks: readonly ManifestTask[],
  children: readonly ListedChild[] | undefined,
): void {
  if (limit === undefined) return;
  const without = tasks.filter((task) => task.iterates === false).map(idOf);
  if (without.length > 0)
    throw new PartyError(
      'bad-request',
      `${without.join(' and ')} ${without.length === 1 ? 'goes' : 'go'} through no items, so there is nothing to limit`,
      'leave out --limit',
    );
  const split = tasks.find((task) => task.splits !== undefined);
  if (split !== undefined && children?.length !== 1)
    throw new PartyError(
      'bad-request',
      `${idOf(split)} is split into ${split.splits}, which are executed side by side and share no limit`,
      'limit one of them: --key KEY --limit N, or leave out --limit',
    );
}

/** @throws PartyError `bad-params` where a task takes none, or they are too long to be kept */
export function checkParams(
  params: Readonly<Record<string, unknown>> | undefined,
  tasks: readonly ManifestTask[],
): void {
  if (params === undefined) return;
  const without = tasks.filter((task) => !task.takesParams).map(idOf);
  if (without.length > 0)
    throw new PartyError(
      'bad-params',
      `${without.join(' and ')} ${without.length === 1 ? 'takes' : 'take'} no params`,
      'leave out --params, or give the task a params schema',
    );
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes > PARAMS_LIMIT_BYTES) {
    throw new PartyError(
      'bad-params',
      `the params are ${bytes} bytes, and at most ${PARAMS_LIMIT_BYTES} fit`,
      'put the data in S3 and pass its key',
    );
  }
}
