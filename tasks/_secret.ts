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
      const { env } = context;
      const port =
        'PARAMETERS_SECRETS_EXTENSION_HTTP_PORT' in env ? env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT : '2773';
      const url = new URL(`http://localhost:${port}/secretsmanager/get`);
      url.searchParams.set('secretId', `${env[variable]}`);
      const response = await fetch(url, {
        headers: { 'X-Aws-Parameters-Secrets-Token': `${env.AWS_SESSION_TOKEN}` },
        signal: context.signal,
      });
      if (!response.ok) throw new Error(`HTTP ${response.status} for the secret ${env[variable]}`);
      const { SecretString } = (await response.json()) as { SecretString: string };
      Object.assign(context, { [name]: SecretString });
    },
  };
}
