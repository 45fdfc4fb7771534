import { PartyError } from '../errors.ts';

/** Looked up on any object: by `await`, and by JSON.stringify. */
const LANGUAGE_NAMES = new Set(['then', 'toJSON']);

/**
 * The environment as a task sees it: without the party's own variables, not to be written to.
 * Reading a name that is not set throws a PartyError `missing-variable`; `name in env` asks without throwing.
 */
export function taskEnvironment(
  variables: NodeJS.ProcessEnv,
  task: string,
): Readonly<Record<string, string>> {
  const visible: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && !name.startsWith('AFTER_PARTY_')) visible[name] = value;
  }
  return new Proxy(Object.freeze(visible), {
    get(target, name, receiver) {
      if (typeof name === 'string' && !(name in target) && !LANGUAGE_NAMES.has(name)) {
        throw new PartyError(
          'missing-variable',
          `task ${task} reads the environment variable ${name}, which is not set`,
          `add ${name} to the \`environment\` prop of AfterParty; on this machine, to tasks/.env.local`,
        );
      }
      return Reflect.get(target, name, receiver);
    },
  });
}
