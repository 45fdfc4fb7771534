export { readApp, type SynthesizedApp } from './app-environment.ts';
export { chooseParty, type PartyChoice, readParties } from './app-parties.ts';
export { type Database, openDatabase } from './database.ts';
export type { LocalLogLine } from './local-logs.ts';
export { type LocalParty, openLocalParty } from './local-party.ts';
export type { LocalPartyOptions } from './local-party-options.ts';
export { readLocalEnv } from './runner-environment.ts';
