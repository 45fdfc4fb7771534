import { createRequire } from 'node:module';

/** The build writes it into the controller's code: in Lambda there is no package to look into. */
declare const AFTER_PARTY_VERSION: string | undefined;

/** The version of after-party that this controller is of. */
export const packageVersion: string =
  typeof AFTER_PARTY_VERSION === 'string' ? AFTER_PARTY_VERSION : ofPackage();

function ofPackage(): string {
  const { version } = createRequire(import.meta.url)('after-party/package.json') as { version: string };
  return version;
}
