export { AfterParty } from './after-party.ts';
export type { AfterPartyProps } from './after-party-props.ts';
export type { TaskBundling } from './task-bundle.ts';
