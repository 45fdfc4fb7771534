import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';

/** An app with the construct, as it is published. */
const published = join(import.meta.dirname, '../../dist/lib/index.js');
const { AfterParty } = (await import(published)) as typeof import('../../lib/index.ts');

const app = new App({ analyticsReporting: false });
new AfterParty(new Stack(app, 'Bench'), 'Tasks', { tasks: join(import.meta.dirname, '../../tasks') });
app.synth();
