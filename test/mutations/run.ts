import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Mutant, mutants } from './mutants.ts';

/**
 * Breaks a copy of the tree in one named way after the other; each time the named tests must fail. With a part of
 * names, only those ways.
 */
const chosen = mutants.filter(({ name }) => name.includes(process.argv[2] ?? ''));

const root = resolve(import.meta.dirname, '../..');
const COPIED = ['bin', 'functions', 'lib', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** The same histories each time, and what fails is not made smaller. */
const HISTORIES = {
  AFTER_PARTY_HISTORIES: '700',
  AFTER_PARTY_SEED: '1',
  AFTER_PARTY_SHRINK: 'no',
};

interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const copy = await mkdtemp(join(tmpdir(), 'after-party-mutations-'));
try {
  process.exitCode = await main();
} finally {
  await rm(copy, { recursive: true, force: true });
}

async function main(): Promise<number> {
  for (const path of COPIED) await cp(join(root, path), join(copy, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));

  const files = new Set(chosen.flatMap(({ noticedBy }) => Object.keys(noticedBy)));
  const parts = chosen.flatMap(({ noticedBy }) => Object.values(noticedBy));
  const unbroken = await failuresOf([...files], parts);
  if (unbroken.length > 0) {
    console.error(`These tests fail before anything is broken:\n  ${unbroken.join('\n  ')}`);
    return 1;
  }
  let survivors = 0;
  for (const mutant of chosen) {
    const missed = await missedBy(mutant);
    survivors += missed.length === 0 ? 0 : 1;
    console.log(`${missed.length === 0 ? 'noticed ' : 'SURVIVED'}  ${mutant.name}`);
    for (const miss of missed) console.log(`          ${miss}`);
  }
  console.log(`\n${chosen.length - survivors} of ${chosen.length} mutants noticed`);
  return survivors === 0 ? 0 : 1;
}

/** What should have noticed the mutant and did not. */
async function missedBy(mutant: Mutant): Promise<string[]> {
  const path = join(copy, mutant.file);
  const source = await readFile(path, 'utf8');
  const found = source.split(mutant.find).length - 1;
  if (found !== 1) return [`the patch no longer applies: ${mutant.file} has ${found} times ${mutant.find}`];
  await writeFile(
    path,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    const expected = Object.entries(mutant.noticedBy);
    const failures = await failuresOf(
      expected.map(([file]) => file),
      expected.map(([, part]) => part),
    );
    return expected
      .filter(
        ([file, part]) => !failures.some((failure) => failure.startsWith(file) && failure.includes(part)),
      )
      .map(([file, part]) => `${file}: nothing failed that is called "${part}"`);
  } finally {
    await writeFile(path, source);
  }
}

/** The tests in these files whose names have one of these parts and that fail, as `file: name`. */
async function failuresOf(files: readonly string[], parts: readonly string[]): Promise<string[]> {
  const output = join(copy, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const child = spawn(
    process.execPath,
    [vitest, 'run', ...files, '-t', pattern, '--reporter=json', `--outputFile=${output}`],
    {
      cwd: copy,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...HISTORIES },
    },
  );
  await new Promise((done) => child.on('close', done));
  const report = JSON.parse(await readFile(output, 'utf8')) as TestReport;
  await rm(output);
  return report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = files.find((each) => name.endsWith(each)) ?? name;
    if (assertionResults.length === 0) throw new Error(`${file} could not be run: ${message}`);
    return assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${file}: ${fullName}`);
  });
}
