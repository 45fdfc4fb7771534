// Runs in whatever Node there is, so it is written for an old one.
'use strict';

function problem() {
  // The scripts are TypeScript, which Node runs by itself since 22.18 and 23.6.
  if (!process.features.typescript) {
    return (
      'Node.js 22.18 or newer is needed and this is ' +
      process.version +
      ': run `npm ci` without --ignore-scripts, which brings a newer one for the scripts of this project.'
    );
  }
  try {
    require('esbuild').transformSync('');
  } catch (error) {
    return (
      'esbuild does not run here (' +
      String(error.message).split('\n')[0] +
      '): remove node_modules and run `npm ci` without --omit=optional, on the machine that runs it.'
    );
  }
  return undefined;
}

var found = problem();
if (found !== undefined) {
  console.error(found);
  process.exitCode = 1;
}
