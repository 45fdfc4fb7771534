import { messageOf } from '../errors.ts';
import type { RunnerReport } from '../workflow-messages.ts';
import type { RunnerPorts } from './ports.ts';

/** Without a route the SDK waits for minutes. */
const PATIENCE_MS = 10_000;

/** Reads one item of the ledger, whether it is there or not, to see that there is a way to it. */
export async function checkLedger(
  { ledger }: Pick<RunnerPorts, 'ledger'>,
  runId: string,
  patienceMs: number = PATIENCE_MS,
): Promise<Pick<RunnerReport, 'unreached'>> {
  const impatience = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => impatience.reject(new Error(`DynamoDB did not answer within ${patienceMs / 1000} s`)),
    patienceMs,
  );
  try {
    await Promise.race([ledger.runs.get(runId), impatience.promise]);
    return {};
  } catch (error) {
    return { unreached: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
