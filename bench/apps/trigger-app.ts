import { join } from 'node:path';
import {
  App,
  Duration,
  aws_lambda as lambda,
  aws_lambda_nodejs as nodejs,
  Stack,
  triggers,
} from 'aws-cdk-lib';

/** The same by hand: a function that a trigger calls once the rest is deployed, and one that does the work. */
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Bench');

function bundled(id: string): nodejs.NodejsFunction {
  return new nodejs.NodejsFunction(stack, id, {
    entry: join(import.meta.dirname, `${id}.ts`),
    depsLockFilePath: join(import.meta.dirname, '../../package-lock.json'),
    runtime: lambda.Runtime.NODEJS_24_X,
    timeout: Duration.minutes(15),
    bundling: {
      format: nodejs.OutputFormat.ESM,
      mainFields: ['module', 'main'],
      minify: true,
      sourceMap: true,
      bundleAwsSDK: true,
    },
  });
}

new triggers.Trigger(stack, 'Trigger', { handler: bundled('triggered'), executeAfter: [bundled('worker')] });
app.synth();
