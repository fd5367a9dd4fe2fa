import type { Client } from 'pg';
import { describeServerError, sqlStateOf, isServerError } from '../../lib/errors';
import { showTable, sqlTable } from '../../database/model/names';
import type { LiveDatabase, LiveView } from '../../database/model/live';
import type { Check } from './check';

/** Milliseconds that the planning of one view may take, and wait for a lock. */
const PLANNING_MS = 5000;

/** What a shard's node would make of its part is not asked: that takes a connection for each view. */
const PLANNING = `
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true),
       set_config('citus.explain_distributed_queries', 'off', true)`;

/** Not allowed, too slow, or locked: that says nothing of the view. */
const NOT_KNOWN = ['42501', '57014', '55P03'];

/** Whether each view can be planned, and what fills each materialized one. Only what calls functions that read tables is run, for a row. */
export async function checkViews(client: Client, live: LiveDatabase): Promise<Check[]> {
  const checks: Check[] = [];
  for (const view of live.views) checks.push(await checkView(client, view));
  return checks;
}

async function checkView(client: Client, { view, kind, definition, calls = [] }: LiveView): Promise<Check> {
  const id = `view:${showTable(view)}`;
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(PLANNING, [String(PLANNING_MS)]);
    const asked = kind === 'materialized' ? definition : `SELECT * FROM ${sqlTable(view)}`;
    await client.query(`EXPLAIN (COSTS OFF) ${asked}`);
    // Whether a shard refuses a function shows when it is called.
    if (calls.length > 0) await client.query(`SELECT * FROM (${asked}) AS asked LIMIT 1`);
    return { id, ok: true, detail: kind === 'materialized' ? 'can be refreshed' : 'can be run' };
  } catch (error) {
    if (!isServerError(error)) throw error;
    const words = describeServerError(error);
    if (NOT_KNOWN.includes(sqlStateOf(error) ?? '')) {
      return { id, ok: true, warning: true, detail: `not known whether it can be run: ${words}` };
    }
    return { id, ok: false, detail: `cannot be ${kind === 'materialized' ? 'refreshed' : 'run'}: ${words}` };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
