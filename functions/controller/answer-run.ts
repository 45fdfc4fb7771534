import type { RunRecord } from '../ledger/records.ts';
import { putResponse, responseBody } from './answer.ts';
import type { ControllerPorts } from './ports.ts';
import { writeReport } from './report.ts';

/** Answers CloudFormation for a settled run, if it is still waiting. Repeatable: the record fixes the answer. */
export async function answerRun(ports: ControllerPorts, run: RunRecord): Promise<void> {
  if (run.answer === undefined || run.trigger !== 'deploy') return;
  const request = await ports.ledger.answers.get(run.runId);
  if (request === undefined) return;
  if (run.answer.status === 'FAILED') await writeReport(ports, run);
  const { delivered, detail } = await putResponse(request.responseUrl, responseBody(request, run.answer));
  const fields = { run: run.runId, status: run.answer.status, detail };
  if (delivered) ports.log.info('CloudFormation answered', fields);
  else ports.log.error('CloudFormation refused the answer for good', fields);
  await ports.ledger.answers.forget(run.runId);
}
