import type { TaskRecord, WriteSite } from '../../functions/ledger/index.ts';
import type { Oracle } from './oracle.ts';
import { taskOf } from './subjects.ts';
import { childrenOf } from './task-pool.ts';

/** What must hold of a task that is split, and of its children. */
export class ChildrenOracle {
  readonly #oracle: Pick<Oracle, 'forbid' | 'tasks' | 'stateOf'>;

  constructor(oracle: Pick<Oracle, 'forbid' | 'tasks' | 'stateOf'>) {
    this.#oracle = oracle;
  }

  wroteTask(site: WriteSite, key: string, before: TaskRecord | undefined, record: TaskRecord): void {
    if (site === 'task.fan-out') this.#judgePlan(key, before, record);
    if (site === 'task.settle') this.#judgeEnd(key, before, record);
    if (site === 'task.reopen')
      this.#oracle.forbid(before?.state === 'running', `${key} is reopened while it is planned anew`);
    const isOver = record.state === 'succeeded' && before?.state === 'running';
    this.#oracle.forbid(
      isOver && childrenOf(key).length > 0 && site === 'task.finish',
      `${key} is recorded as succeeded, and its children have not been executed`,
    );
  }

  wroteChild(
    site: WriteSite,
    key: string,
    before: TaskRecord | undefined,
    record: TaskRecord,
    now: number,
  ): void {
    if (site !== 'child.plan') {
      const { plan, key: stands, shard } = record;
      this.#oracle.forbid(
        plan !== before?.plan || stands !== before?.key || shard?.index !== before?.shard?.index,
        `${site} makes another child of ${key}`,
      );
      return;
    }
    const task = this.#oracle.tasks.get(taskOf(key));
    this.#oracle.forbid(task?.state !== 'running', `${key} is planned while its task is ${task?.state}`);
    this.#oracle.forbid(
      this.#oracle.stateOf(key, now) === 'running',
      `${key} is planned anew while it is executed`,
    );
  }

  /** No child is forgotten. */
  #judgePlan(key: string, before: TaskRecord | undefined, { children }: TaskRecord): void {
    const planned = childrenOf(key);
    this.#oracle.forbid(before?.state !== 'running', `${key} fans out, and it was ${before?.state}`);
    this.#oracle.forbid(
      children?.count !== planned.length,
      `${key} has ${planned.length} children, of which ${children?.count} are planned`,
    );
    for (const [index, stands] of planned.entries()) {
      const child = this.#oracle.tasks.get(`${key}/${index + 1}`);
      const isPlanned =
        child?.plan === children?.plan &&
        child?.state === 'pending' &&
        (child.key ?? child.shard?.index) === stands;
      this.#oracle.forbid(!isPlanned, `${key} fans out, and its child ${stands} is ${JSON.stringify(child)}`);
    }
  }

  /** Succeeded if all its children have, and not otherwise. */
  #judgeEnd(key: string, before: TaskRecord | undefined, record: TaskRecord): void {
    const children = childrenOf(key).map((_, index) => this.#oracle.tasks.get(`${key}/${index + 1}`));
    const left = children.filter(
      (child) => child?.plan !== record.children?.plan || child?.succeededAt === undefined,
    );
    this.#oracle.forbid(before?.state !== 'fanned-out', `${key} is settled, and it was ${before?.state}`);
    this.#oracle.forbid(
      (record.state === 'succeeded') !== (left.length === 0),
      `${key} is settled as ${record.state}, with ${left.length} of ${children.length} children left`,
    );
    this.#oracle.forbid(
      record.state !== 'paused' && record.state !== 'cancelled' && this.#hasState(left, 'in-doubt')
        ? record.state !== 'in-doubt'
        : false,
      `${key} is settled as ${record.state}, with a child in doubt`,
    );
    this.#oracle.forbid(
      record.state === 'interrupted' && this.#hasState(left, 'failed'),
      `${key} is settled as interrupted, with a child that failed`,
    );
  }

  #hasState(children: readonly (TaskRecord | undefined)[], state: string): boolean {
    return children.some((child) => child?.state === state);
  }
}
