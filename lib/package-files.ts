import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PartyError } from '../functions/errors.ts';

const PACKAGE = 'after-party';

/** Whether this is the repository's own TypeScript, not what was published. */
const fromSource = import.meta.filename.endsWith('.ts');

/**
 * A module of `functions/`, which is run by path or bundled; `name` is like `runner/describe-tasks`.
 * @throws PartyError `incomplete-package`
 */
export function functionsModule(name: string): string {
  return packageFile(fromSource ? `functions/${name}.ts` : `dist/functions/${name}.js`);
}

/**
 * The controller's code, which is built with the package.
 * @throws PartyError `incomplete-package`
 */
export function controllerFile(): string {
  return packageFile('dist/assets/controller/index.mjs');
}

function packageFile(path: string): string {
  const file = join(packageRoot(import.meta.dirname), path);
  if (existsSync(file)) return file;
  throw new PartyError(
    'incomplete-package',
    `${PACKAGE} is incomplete: it has no ${path}`,
    fromSource ? 'run npm run build' : `install ${PACKAGE} again`,
  );
}

function packageRoot(folder: string): string {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === PACKAGE) return folder;
  const parent = dirname(folder);
  if (parent !== folder) return packageRoot(parent);
  throw new PartyError(
    'incomplete-package',
    `${PACKAGE} does not find its own files`,
    `where the CDK app is bundled into one file, leave ${PACKAGE} external`,
  );
}
