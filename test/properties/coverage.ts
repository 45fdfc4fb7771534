import {
  writeSites as allButFanOut,
  fanOutWriteSites,
  type WriteSite,
} from '../../functions/ledger/index.ts';
import type { Fault } from './simulated-table.ts';
import { rareTransitions, transitions } from './transitions.ts';

export const writeSites: readonly WriteSite[] = [...allButFanOut, ...fanOutWriteSites];
export const faults: readonly Fault[] = ['crash before', 'crash after', 'sent twice', 'stall'];

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
