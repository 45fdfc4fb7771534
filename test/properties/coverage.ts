import { type WriteSite, writeSites } from '../../functions/ledger/index.ts';
import type { Fault } from './simulated-table.ts';

/** What all histories together have come through. */
export class Coverage {
  readonly #faults = new Map<string, number>();
  readonly #transitions = new Map<string, number>();
  histories = 0;

  hit(site: WriteSite, fault: Fault): void {
    count(this.#faults, `${site} ${fault}`);
  }

  took(kind: 'task' | 'run', from: string, to: string): void {
    count(this.#transitions, `${kind}: ${from} -> ${to}`);
  }

  faults(site: WriteSite, fault: Fault): number {
    return this.#faults.get(`${site} ${fault}`) ?? 0;
  }

  transitions(name: string): number {
    return this.#transitions.get(name) ?? 0;
  }

  /** Transitions that nobody has declared. */
  undeclared(declared: readonly string[]): string[] {
    return [...this.#transitions.keys()].filter((name) => !declared.includes(name));
  }

  table(declared: readonly string[]): string {
    const heads: Fault[] = ['crash before', 'crash after', 'sent twice'];
    const sites = writeSites.map((site) =>
      [site.padEnd(24), ...heads.map((fault) => String(this.faults(site, fault)).padStart(13))].join(''),
    );
    const transitions = declared.map(
      (name) => `${name.padEnd(36)}${String(this.transitions(name)).padStart(8)}`,
    );
    return [
      `${'write site'.padEnd(24)}${heads.map((head) => head.padStart(13)).join('')}`,
      ...sites,
      '',
      `${'transition'.padEnd(36)}${'times'.padStart(8)}`,
      ...transitions,
    ].join('\n');
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
