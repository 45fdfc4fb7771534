export type { PartyChoice } from './app-parties.ts';
export type { LocalLogLine } from './local-logs.ts';
export { type LocalParty, openLocalParty } from './local-party.ts';
export type { LocalPartyOptions } from './local-party-options.ts';
