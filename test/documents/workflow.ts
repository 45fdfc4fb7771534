import { createRequire } from 'node:module';
import * as v from 'valibot';

/** A step of a job of GitHub Actions, of which the test knows what GitHub would do with it. */
const stepSchema = v.union([
  v.strictObject({ uses: v.string(), with: v.optional(v.record(v.string(), v.unknown())) }),
  v.strictObject({ run: v.string(), if: v.optional(v.literal('always()')) }),
]);
const workflowSchema = v.object({ jobs: v.record(v.string(), v.object({ steps: v.array(stepSchema) })) });

export interface WorkflowStep {
  /** An action of GitHub's market place. */
  readonly uses?: string;
  /** A script for bash. */
  readonly run?: string;
  /** Whether it is run after a step that failed, too. */
  readonly isAlwaysRun: boolean;
}

/** The steps of all jobs of a workflow, in their order. */
export function workflowSteps(text: string): WorkflowStep[] {
  const { jobs } = v.parse(workflowSchema, parseYaml(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  return steps.map((step) => ({ ...step, isAlwaysRun: 'if' in step && step.if === 'always()' }));
}

// aws-cdk-lib brings it along.
const yaml = createRequire(createRequire(import.meta.url).resolve('aws-cdk-lib'))('yaml') as {
  parse(text: string): unknown;
};

export function parseYaml(text: string): unknown {
  return yaml.parse(text);
}
