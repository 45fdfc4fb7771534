import * as v from 'valibot';

/** Refuses one token with its value in the message, as a careless schema may. */
export const tenantAndToken = v.object({
  tenant: v.string(),
  token: v.pipe(
    v.string(),
    v.check(
      (token) => !token.startsWith('refused'),
      (issue) => `${issue.input} is no token`,
    ),
  ),
});

export type TenantAndToken = v.InferOutput<typeof tenantAndToken>;
