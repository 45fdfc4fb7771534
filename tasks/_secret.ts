import type { TaskMiddleware } from 'after-party/task';

/**
 * Puts a secret's text on the task's context as `name`; `variable` is the environment variable with the
 * secret's id. Reads it from the AWS Parameters and Secrets Lambda extension: its layer belongs in the party's
 * `layers` prop.
 */
export function secret<Name extends string>(
  name: Name,
  variable: string,
): TaskMiddleware<Record<Name, string>> {
  return {
    async before({ context }) {
      const { env, signal } = context;
      // A copy, since only env itself throws for what is not set.
      const { PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: port = '2773', AWS_SESSION_TOKEN: token = '' } = {
        ...env,
      };
      const url = new URL(`http://localhost:${port}/secretsmanager/get`);
      url.searchParams.set('secretId', `${env[variable]}`);
      const response = await fetch(url, { headers: { 'X-Aws-Parameters-Secrets-Token': token }, signal });
      if (!response.ok) throw new Error(`HTTP ${response.status} for the secret ${env[variable]}`);
      const { SecretString } = (await response.json()) as { SecretString: string };
      Object.assign(context, { [name]: SecretString });
    },
  };
}
