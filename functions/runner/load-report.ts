import type { ManifestTask } from '../manifest.ts';

/** What `describe-tasks` tells as it goes, a line of JSON each: a module that it loads may end or hold the process. */
export type LoadReport =
  | { readonly loading: string }
  | { readonly task: ManifestTask }
  | { readonly broken: string; readonly why: string }
  | { readonly stalled: true }
  | { readonly done: true };

/** The file descriptor of the reports: stdout belongs to the modules. */
export const REPORTS = 3;
