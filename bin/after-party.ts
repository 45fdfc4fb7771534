#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// Checked before anything else is loaded: what comes next may not even parse there.
if (major > 22 || (major === 22 && minor >= 12)) {
  // What was compiled is kept between commands, in the system's folder for temporary files.
  process.getBuiltinModule('node:module').enableCompileCache();
  const { main } = await import('./main.ts');
  await main();
} else {
  console.error(
    `after-party needs Node.js 22.12 or newer and this is ${process.version}: install a newer one, as with \`nvm install 24\``,
  );
  process.exitCode = 2;
}
