import type { Client } from 'pg';

/**
 * How many tasks Citus cuts a query into, from its plan: one to a shard it has to ask. Undefined where the plan holds
 * no distributed part, as for a query over plain tables. The query is planned, never run.
 */
export async function taskCount(client: Client, sql: string): Promise<number | undefined> {
  await client.query('BEGIN READ ONLY');
  try {
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
