import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PartyError } from '../errors.ts';
import type { Task } from '../task/define-task.ts';

/**
 * The params as the task's schema returns them; undefined for a task that takes none.
 * @throws PartyError `bad-params` naming each that is refused, secret ones without the schema's words
 */
export async function checkParams(
  task: Task,
  name: string,
  given: Readonly<Record<string, unknown>> | undefined,
): Promise<unknown> {
  if (task.params === undefined) return undefined;
  const result = await task.params['~standard'].validate(given ?? {});
  if (result.issues === undefined) return result.value;
  const said = result.issues.map((issue) => describe(issue, task.secretParams));
  throw new PartyError(
    'bad-params',
    `the params of task ${name} are refused: ${said.join('; ')}`,
    `give them as JSON: npx after-party invoke ${name} --params '{"name":"value"}'`,
  );
}

function describe(issue: StandardSchemaV1.Issue, secretParams: readonly string[]): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  if (path.length === 0) return issue.message;
  const secret = path[0] !== undefined && secretParams.includes(path[0]);
  return `${path.join('.')}: ${secret ? 'is not valid' : issue.message}`;
}
