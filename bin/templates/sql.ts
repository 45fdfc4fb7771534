import { keyset } from 'after-party/sources';
import { defineTask } from 'after-party/task';

interface Row {
  readonly id: number;
  readonly email: string;
}

export const database = {
  /**
   * Connect your own client here. With pg, for one:
   * `return (await pool.query(statement, [...values])).rows`, and `const pool = new Pool()` above.
   */
  async query(statement: string, values: readonly unknown[]): Promise<readonly Row[]> {
    throw new Error(`connect your SQL client: cannot run "${statement}" with ${values.length} values`);
  },
};

export default defineTask({
  description: '{{description}}',
  // {{options}}
  items: keyset(
    (after: number | undefined, limit) =>
      database.query('SELECT id, email FROM users WHERE id > $1 ORDER BY id LIMIT $2', [after ?? 0, limit]),
    { key: ({ id }) => id },
  ),
  batchSize: 500,
  // Returns how many rows it changed: the result is the sum.
  async processBatch(rows, { dryRun }) {
    const ids = rows.filter(({ email }) => email !== email.toLowerCase()).map(({ id }) => id);
    if (ids.length > 0 && !dryRun) {
      await database.query('UPDATE users SET email = lower(email) WHERE id = ANY($1)', [ids]);
    }
    return ids.length;
  },
});
