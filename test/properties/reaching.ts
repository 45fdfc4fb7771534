import type { WriteSite } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import type { Operation, PlannedFault } from './scenario.ts';
import { ALPHA, DELTA, ECHO, INDIA, KILO, LIMA, MIKE } from './task-pool.ts';

/** Without these a site is hardly ever written to. */
export function needed(site: WriteSite): readonly Operation[] {
  switch (site) {
    case 'run.request-cancel':
      return [{ kind: 'cancel', when: 'ever' }];
    case 'task.release':
      return [
        { kind: 'invoke', task: ALPHA, at: 'calm' },
        { kind: 'cancel', when: 'before a claim' },
      ];
    case 'party.forget-baselined':
      return [{ kind: 'reset', task: DELTA, at: 'ever' }];
    case 'task.correct':
      // A deploy that no correction comes between may leave no second chance.
      return [
        { kind: 'skip', task: ECHO, at: 'ever' },
        { kind: 'reset', task: ECHO, at: 'calm' },
      ];
    case 'task.checkpoint':
      return [{ kind: 'invoke', task: KILO, at: 'calm' }];
    case 'task.request-stop':
      return [
        { kind: 'invoke', task: KILO, at: 'calm' },
        { kind: 'pause', task: KILO, at: 'while executing' },
        { kind: 'invoke', task: KILO, at: 'calm' },
        { kind: 'cancel-task', task: KILO, at: 'while executing' },
      ];
    case 'task.set-rate':
      return [
        { kind: 'invoke some items', task: KILO, at: 'calm' },
        { kind: 'rate', task: KILO, at: 'ever' },
        { kind: 'rate', task: KILO, at: 'calm' },
      ];
    case 'task.orphan':
      return [{ kind: 'deploy', tasks: [ALPHA], when: 'while executing' }];
    case 'task.fan-out':
    case 'task.settle':
    case 'child.plan':
    case 'child.claim':
    case 'child.finish':
    case 'child.settle':
      return [{ kind: 'invoke', task: LIMA, at: 'calm' }];
    case 'task.reopen':
      return [
        { kind: 'invoke', task: LIMA, at: 'calm' },
        { kind: 'cancel-task', task: LIMA, at: 'while executing' },
        { kind: 'invoke', task: LIMA, at: 'calm' },
      ];
    case 'child.checkpoint':
      return [{ kind: 'invoke', task: MIKE, at: 'calm' }];
    case 'child.release':
      return [
        { kind: 'invoke', task: LIMA, at: 'calm' },
        { kind: 'cancel', when: 'before a child' },
      ];
    case 'child.correct':
      return [
        { kind: 'invoke', task: LIMA, at: 'calm' },
        { kind: 'reset a key', task: LIMA, at: 'calm' },
        { kind: 'mark a key done', task: LIMA, at: 'calm' },
      ];
    default:
      return [];
  }
}

export function deployedFor(site: WriteSite): readonly ManifestTask[] {
  switch (site) {
    case 'task.correct':
      return [ECHO];
    case 'run.commit':
    case 'run.hand-over':
    case 'task.orphan':
      return [INDIA];
    case 'task.checkpoint':
    case 'task.request-stop':
    case 'task.set-rate':
      return [KILO];
    case 'child.checkpoint':
      return [MIKE];
    case 'task.fan-out':
    case 'task.settle':
    case 'task.reopen':
    case 'child.plan':
    case 'child.claim':
    case 'child.finish':
    case 'child.settle':
    case 'child.release':
    case 'child.correct':
      return [LIMA];
    default:
      return [];
  }
}

/** What must go wrong before a site is written to. */
export function provokedBy(site: WriteSite): readonly PlannedFault[] {
  return site === 'child.settle' ? [{ site: 'child.claim', fault: 'crash before', after: 0 }] : [];
}

/** Sites of long work, which is reached only if what is deployed before it does not fail. */
export function isOfLongWork(site: WriteSite): boolean {
  return deployedFor(site).length > 0;
}
