import {
  Aws,
  CfnOutput,
  CustomResource,
  Duration,
  type aws_dynamodb as dynamodb,
  type aws_ec2 as ec2,
  Fn,
  aws_iam as iam,
  aws_lambda as lambda,
  Stack,
  aws_stepfunctions as stepfunctions,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { STATUS_ALIAS } from '../functions/controller/read-requests.ts';
import { idOf } from '../functions/task/task-id.ts';
import type { AfterPartyProps } from './after-party-props.ts';
import { createController } from './controller.ts';
import { warnWithoutDynamoDbEndpoint } from './dynamodb-endpoint.ts';
import { freezeLogicalId } from './frozen-id.ts';
import { type LedgerPart, ledgerTable, takeLedgerId } from './ledger.ts';
import { misuse, placing } from './misuse.ts';
import { circularResources, markParty, runAfterRestOfStack } from './rest-of-stack.ts';
import { createRunner, type Runner } from './runner.ts';
import { type Settings, settingsOf } from './settings.ts';
import { withParents } from './stack-path.ts';
import { withTaskAssets } from './task-assets.ts';
import { findTaskFiles, findTasksFolder, type TaskSource } from './task-files.ts';
import { workflowDefinition } from './workflow.ts';
import { allowFanOut } from './workflow-arns.ts';

/**
 * Runs the tasks of a folder that have not yet run in this environment, at the end of every deploy: in order, each
 * once, recorded in DynamoDB. It is the tasks' identity too: what is granted to it, the tasks may do.
 */
export class AfterParty extends Construct implements iam.IGrantable, ec2.IConnectable {
  /** The role that the tasks have. */
  readonly grantPrincipal: iam.IPrincipal;
  /** The table that records what ran. */
  readonly ledger: dynamodb.ITableV2;
  readonly #runner: Runner;
  readonly #controller: lambda.Function;
  readonly #statusAlias: lambda.Alias;

  constructor(scope: Construct, id: string, props: AfterPartyProps = {}) {
    super(scope, id);
    const settings = settingsOf(this, props);
    const { folder, tasks } = placing(this, () => {
      const found = findTasksFolder(settings.tasks);
      return { folder: found, tasks: findTaskFiles(found) };
    });
    this.ledger = ledgerTable(this, props);
    const part: LedgerPart = { table: this.ledger, ledgerId: settings.ledgerId };
    takeLedgerId(this, part);
    const stateMachineName = workflowName(this);
    const { environment = {}, bundling = {} } = props;
    [this.#runner, this.#controller] = placing(this, () =>
      withTaskAssets(this, { folder, tasks, environment, bundling }, (assets) => {
        const runner = createRunner(this, props, settings, part, lambda.Code.fromAsset(assets.runner));
        const code = lambda.Code.fromAsset(assets.controller);
        return [runner, createController(this, props, settings, part, runner, stateMachineName, code)];
      }),
    );
    this.grantPrincipal = this.#runner.function.grantPrincipal;
    // Not a published version: its only purpose is that the controller sees it and refuses writes.
    this.#statusAlias = new lambda.Alias(this, 'Status', {
      aliasName: STATUS_ALIAS,
      version: this.#controller.latestVersion,
    });
    this.#createWorkflow(stateMachineName);
    this.#runOnDeploy(settings, tasks, props);
    if (props.vpc !== undefined) warnWithoutDynamoDbEndpoint(this, props.vpc);
  }

  /** The network connections of the tasks. Needs the `vpc` prop. */
  get connections(): ec2.Connections {
    if (!this.#runner.function.isBoundToVpc) {
      throw misuse(
        this,
        'the tasks have no network connections: expected the vpc prop, with the network they run in',
      );
    }
    return this.#runner.function.connections;
  }

  /**
   * Adds an environment variable for the tasks. The check at synth that each task loads does not see it: what a
   * module needs while it loads belongs in the `environment` prop.
   */
  addEnvironment(name: string, value: string): this {
    this.#runner.setVariable(name, value);
    return this;
  }

  /** Lets someone look at the tasks, their logs and runs with the CLI. */
  grantStatus(grantee: iam.IGrantable): iam.Grant {
    return this.#grantInvoke(grantee, this.#statusAlias.functionArn);
  }

  /** Lets someone look at the tasks, run and cancel them and correct the ledger with the CLI. */
  grantOperate(grantee: iam.IGrantable): iam.Grant {
    return this.#grantInvoke(grantee, this.#statusAlias.functionArn, this.#controller.functionArn);
  }

  #grantInvoke(grantee: iam.IGrantable, ...functionArns: string[]): iam.Grant {
    // A nested stack is found through the stacks that it is in.
    const resourceArns = withParents(Stack.of(this)).map(({ stackId }) => stackId);
    const find = { actions: ['cloudformation:ListStackResources'], resourceArns };
    const invoke = { actions: ['lambda:InvokeFunction'], resourceArns: functionArns };
    return iam.Grant.addToPrincipal({ grantee, ...invoke }).combine(
      iam.Grant.addToPrincipal({ grantee, ...find }),
    );
  }

  #createWorkflow(stateMachineName: string): void {
    const controllerArn = this.#controller.functionArn;
    const runnerArn = this.#runner.function.functionArn;
    const role = new iam.Role(this, 'WorkflowRole', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
    });
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [controllerArn, runnerArn] }),
    );
    allowFanOut(role, stateMachineName);
    const definition = workflowDefinition({ partition: Aws.PARTITION, controllerArn, runnerArn });
    new stepfunctions.StateMachine(this, 'Workflow', {
      stateMachineName,
      role,
      definitionBody: stepfunctions.DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
    });
  }

  #runOnDeploy(settings: Settings, tasks: readonly TaskSource[], props: AfterPartyProps): void {
    const stack = Stack.of(this);
    const run = new CustomResource(this, 'Run', {
      resourceType: 'Custom::AfterParty',
      serviceToken: this.#controller.functionArn,
      // For what comes between the deadline and the answer. CloudFormation takes at most an hour, hence the 55 minutes
      // that `deployTimeout` may be.
      serviceTimeout: settings.deployTimeout.plus(Duration.minutes(5)),
      properties: {
        DeployId: settings.deployId,
        Tasks: tasks.map(idOf),
      },
    });
    const resource = freezeLogicalId(run, this, 'Run');
    markParty(this, resource);
    runAfterRestOfStack(stack, resource);
    run.node.addDependency(...(props.executeAfter ?? []));
    for (const construct of props.executeBefore ?? []) construct.node.addDependency(run);
    this.node.addValidation({
      validate: () =>
        circularResources(this, stack, resource).map(
          ({ node }) =>
            `${node.path} would be deployed after the tasks, which need it: expected neither executeBefore nor a ` +
            'dependency on the party for anything that the tasks use',
        ),
    });
    new CfnOutput(this, 'Result', {
      description: 'What came of the tasks in the last deploy',
      value: run.getAttString('Outcome'),
    }).overrideLogicalId(`${settings.party.replace(/[^A-Za-z0-9]/g, '')}Result`);
  }
}

/** Unique per deployed stack: one app may be deployed twice, and again while its last workflow is being deleted. */
function workflowName(scope: Construct): string {
  const stackGuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `${stackGuid}-${scope.node.addr.slice(-8)}`;
}
