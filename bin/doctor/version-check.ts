import { type Check, ok, wrong } from './check.ts';

/**
 * Whether the construct that is deployed and this program are of one version.
 * @param deployed undefined where the construct is too old to say
 */
export function versionCheck(deployed: string | undefined, own: string): Check {
  if (deployed === own) return ok('version', own);
  const age = deployed === undefined || isOlder(deployed, own) ? 'older' : 'newer';
  const message = `the construct is ${age} than this program: ${deployed ?? 'a version that does not say'} is deployed, and this is ${own}`;
  if (deployed === undefined) return wrong('version', message, `deploy with ${own}: npx cdk deploy`);
  const install = `npm install after-party@${deployed}`;
  return wrong(
    'version',
    message,
    age === 'older' ? `deploy with ${own}: npx cdk deploy; or use that one: ${install}` : install,
  );
}

function isOlder(one: string, other: string): boolean {
  const [a, b] = [parsed(one), parsed(other)];
  const at = a.numbers.findIndex((number, index) => number !== b.numbers[index]);
  if (at >= 0) return (a.numbers[at] ?? 0) < (b.numbers[at] ?? 0);
  // A prerelease comes before its release.
  return a.prerelease !== '' && (b.prerelease === '' || a.prerelease < b.prerelease);
}

function parsed(version: string): { numbers: number[]; prerelease: string } {
  const [core = '', ...prerelease] = version.split('-');
  return { numbers: core.split('.').map(Number), prerelease: prerelease.join('-') };
}
