import { defineTask } from 'after-party/task';
import { tenantAndToken } from './_secret.ts';

export default defineTask({
  when: 'manual',
  params: tenantAndToken,
  secretParams: ['token'],
  run: ({ params }) => ({ tenant: params.tenant, url: `https://example.com/?token=${params.token}`, params }),
});
