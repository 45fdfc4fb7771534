import { versionKey } from '../../functions/task/version.ts';

/** What the oracle calls a task, `70`, or a child of one, `70/3`. */
export function subjectOf(version: string, child?: number): string {
  return child === undefined ? versionKey(version) : `${versionKey(version)}/${child}`;
}

/** The task behind a key, its own or that of a child. */
export function taskOf(key: string): string {
  return key.split('/')[0] ?? key;
}

/** Whose item it is. */
export function subjectAt({ pk, sk }: { readonly pk: string; readonly sk: string }): string {
  if (sk.startsWith('task#')) return sk.slice('task#'.length);
  return subjectOf(pk.slice(pk.lastIndexOf('#') + 1), Number(sk));
}
