import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { jsonMistake } from '../project/json-mistake.ts';
import { localNames } from '../project/local-tasks.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { startRun } from './start-run.ts';

export interface InvokeOptions {
  readonly task?: readonly string[];
  readonly key?: readonly string[];
  /** JSON, or `@` and the file that holds it. */
  readonly params?: string;
  readonly ifNotSucceeded?: boolean;
  readonly fromStart?: boolean;
  /** Items. */
  readonly limit?: number;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly yes?: boolean;
}

/** Runs the named tasks now. */
export async function invoke(
  words: readonly string[],
  options: InvokeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const names = [...words, ...(options.task ?? [])];
  if (names.length === 0) {
    throw new PartyError(
      'usage',
      'no task was named',
      'name one by its version, name or file: npx after-party invoke NAME',
    );
  }
  const params = options.params === undefined ? undefined : await readParams(options.params, context.cwd);
  return startRun(
    {
      request: 'invoke',
      names,
      local: localNames(context.cwd),
      ifNotSucceeded: options.ifNotSucceeded === true,
      confirmed: options.yes === true,
      ...(options.key !== undefined && { keys: [...options.key] }),
      ...(options.fromStart === true && { fromStart: true }),
      ...(options.dryRun === true && { dryRun: true }),
      ...(options.limit !== undefined && { limit: options.limit }),
      ...(params !== undefined && { params }),
    },
    { detach: options.detach === true },
    context,
  );
}

/**
 * Reads params as a person gave them.
 * @throws PartyError `bad-params`
 */
export async function readParams(text: string, cwd: string): Promise<Record<string, unknown>> {
  const place = text.startsWith('@') ? resolve(cwd, text.slice(1)) : '--params';
  const json = text.startsWith('@') ? await readParamsFile(place) : text;
  const params = parseJson(json, place);
  if (typeof params === 'object' && params !== null && !Array.isArray(params))
    return params as Record<string, unknown>;
  throw new PartyError('bad-params', `${place} is no JSON object`, `write the params as '{"name": "value"}'`);
}

async function readParamsFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new PartyError(
      'bad-params',
      `the params file cannot be read: ${messageOf(error)}`,
      'name a file with a JSON object, by its path from this folder: --params @params.json',
      { cause: error },
    );
  }
}

// The parser's message quotes the text, which may hold a secret param: it is not repeated.
function parseJson(json: string, place: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PartyError(
      'bad-params',
      `${place} is no valid JSON: ${jsonMistake(json)}`,
      `write the params as '{"name": "value"}', quoted for the shell`,
    );
  }
}
