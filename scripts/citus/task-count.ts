import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';

/**
 * How many tasks Citus cuts a query into, from its plan: one to a shard it has to ask. Undefined where the plan holds
 * no distributed part, as for a query over plain tables. The query is planned, never run.
 *
 * @param role that asks, under the policies that hold for it. @default - the session's
 */
export async function taskCount(client: Client, sql: string, role?: string): Promise<number | undefined> {
  await client.query('BEGIN READ ONLY');
  try {
    if (role !== undefined) {
      await client.query(`SET LOCAL ROLE ${escapeIdentifier(role)}`);
      await client.query('SET LOCAL row_security TO on');
    }
    const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (FORMAT JSON, COSTS OFF) ${sql}`);
    return taskCountOfPlan(rows[0]?.['QUERY PLAN']);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/** The outermost `Task Count` of a plan in EXPLAIN's JSON. Pure. */
export function taskCountOfPlan(plan: unknown): number | undefined {
  const level: unknown[] = [plan];
  for (let node = level.shift(); node !== undefined; node = level.shift()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'Task Count' && typeof value === 'number') return value;
      level.push(value as unknown);
    }
  }
  return undefined;
}
