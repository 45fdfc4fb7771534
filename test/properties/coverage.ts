import { type WriteSite, writeSites } from '../../functions/ledger/index.ts';
import type { Fault } from './simulated-table.ts';

export const faults: readonly Fault[] = ['crash before', 'crash after', 'sent twice', 'stall'];

const anyState = [
  'no record',
  'baselined',
  'pending',
  'succeeded',
  'failed',
  'in-doubt',
  'skipped',
  'cancelled',
  'stale',
  'interrupted',
  'paused',
];

/** Every transition that there is: what makes it, from which state, to which. */
const transitions: readonly string[] = [
  ...anyState.map((from) => `claim: ${from} -> running`),
  ...['succeeded', 'failed', 'in-doubt', 'cancelled', 'interrupted', 'paused', 'pending'].map(
    (to) => `finish: running -> ${to}`,
  ),
  ...['failed', 'in-doubt'].map((to) => `finish: stale -> ${to}`),
  ...['pending', 'succeeded', 'failed', 'in-doubt', 'skipped', 'cancelled', 'stale'].map(
    (to) => `release: running -> ${to}`,
  ),
  ...anyState
    .filter((from) => from !== 'paused')
    .flatMap((from) => ['pending', 'succeeded', 'skipped'].map((to) => `correct: ${from} -> ${to}`))
    // The reset of a baselined task first makes it one without a record.
    .filter((name) => name !== 'correct: baselined -> pending'),
  'checkpoint: running -> running',
  'request-stop: running -> running',
  'orphan: interrupted -> interrupted',
  'set-rate: interrupted -> interrupted',
  'correct: interrupted -> paused',
  'correct: paused -> interrupted',
  'correct: interrupted -> cancelled',
  ...['accepted', 'running'].map((to) => `run: no record -> ${to}`),
  ...['running', 'succeeded', 'failed'].map((to) => `run: accepted -> ${to}`),
  ...['succeeded', 'failed', 'cancelled', 'held'].map((to) => `run: running -> ${to}`),
];

/** Those that may be, and that not every run of the histories comes through. */
const rareTransitions: readonly string[] = [
  ...['running', 'stale'].flatMap((from) =>
    [...anyState, 'running'].flatMap((to) => [`finish: ${from} -> ${to}`, `release: ${from} -> ${to}`]),
  ),
  ...anyState.flatMap((from) =>
    ['pending', 'succeeded', 'skipped', 'paused', 'cancelled', 'interrupted'].map(
      (to) => `correct: ${from} -> ${to}`,
    ),
  ),
  ...[...anyState, 'running'].map((state) => `set-rate: ${state} -> ${state}`),
  'checkpoint: stale -> stale',
  'request-stop: stale -> stale',
];

/** What all histories together have come through. */
export class Coverage {
  readonly #faults = new Map<string, number>();
  readonly #transitions = new Map<string, number>();
  histories = 0;

  hit(site: WriteSite, fault: Fault): void {
    count(this.#faults, `${site}: ${fault}`);
  }

  took(by: string, from: string, to: string): void {
    count(this.#transitions, `${by}: ${from} -> ${to}`);
  }

  /** Sites without a fault, and transitions that were never taken. */
  unseen(): string[] {
    const sites = writeSites.flatMap((site) => faults.map((fault) => `${site}: ${fault}`));
    return [
      ...sites.filter((name) => !this.#faults.has(name)),
      ...transitions.filter((name) => !this.#transitions.has(name)),
    ];
  }

  /** Transitions that should not be. */
  undeclared(): string[] {
    return [...this.#transitions.keys()].filter(
      (name) => !transitions.includes(name) && !rareTransitions.includes(name),
    );
  }

  table(): string {
    const cell = (text: string | number): string => String(text).padStart(14);
    return [
      `${'write site'.padEnd(24)}${faults.map(cell).join('')}`,
      ...writeSites.map(
        (site) =>
          `${site.padEnd(24)}${faults.map((fault) => cell(this.#faults.get(`${site}: ${fault}`) ?? 0)).join('')}`,
      ),
      '',
      `${'transition'.padEnd(38)}${cell('times')}`,
      ...[...new Set([...transitions, ...this.#transitions.keys()])].map(
        (name) => `${name.padEnd(38)}${cell(this.#transitions.get(name) ?? 0)}`,
      ),
    ].join('\n');
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
