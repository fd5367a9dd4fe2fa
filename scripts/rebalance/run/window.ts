import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { forceStatements } from '../../database/checks/put-back-first';
import { liftForcedPolicies, putBackForcedPolicies } from '../../database/model/forced-policies';
import { showTable, sqlTable } from '../../database/model/names';
import { sqlStateOf, explain, ScaleoutError } from '../../lib/errors';
import { withLockRetry } from '../../lib/lock-retry';

/** Nothing is open yet: half a minute of asking is enough to say who is in the way. */
const TO_LIFT = { timeoutMs: 2000, attempts: 12, pauseMs: 500 } as const;

/** An open window is worse than a run that takes longer. */
const TO_PUT_BACK = { timeoutMs: 2000, attempts: 60, pauseMs: 500 } as const;

/** $1 relations as `regclass` reads them. Sessions that hold locks on them here. */
const HOLDERS = `
SELECT DISTINCT l.pid, a.usename::text AS role, a.application_name AS application
  FROM pg_locks l
  LEFT JOIN pg_stat_activity a USING (pid)
 WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.relation = ANY ($1::text[]::regclass[])
 ORDER BY l.pid`;

/**
 * Runs `work` while FORCE ROW LEVEL SECURITY of the tables is off, as the record in the database says, and puts it back whatever
 * happens. Lifting is committed before `work` begins: in one transaction with it Citus's own connections would wait for it for ever.
 * The caller holds the advisory lock `tables`.
 *
 * @throws what `work` threw; a ScaleoutError where FORCE could not be put back, which says how it comes back
 */
export async function inForcedPolicyWindow<T>(
  client: Client,
  tables: readonly TableName[],
  work: () => Promise<T>,
): Promise<T> {
  if (tables.length === 0) return work();
  await lift(client, tables);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await putBack(client, tables, `${explain(error).replace(/[^.)]$/, '$&.')} Also, `);
    throw error;
  }
  await putBack(client, tables, '');
  return result;
}

async function lift(client: Client, tables: readonly TableName[]): Promise<void> {
  try {
    await withLockRetry(client, TO_LIFT, async () => {
      for (const statement of liftForcedPolicies(tables)) await client.query(statement);
    });
  } catch (error) {
    if (sqlStateOf(error) !== '55P03') throw error;
    throw new ScaleoutError(
      'rebalance.force-not-lifted',
      `FORCE ROW LEVEL SECURITY of ${named(tables)} could not be taken off for a move, because other sessions go on holding locks: ${await holders(client, tables)}. ` +
        'Wait for their transactions to end, or end them (pg_terminate_backend)',
      { cause: error },
    );
  }
}

async function putBack(client: Client, tables: readonly TableName[], before: string): Promise<void> {
  const lifted = tables.map((table) => ({ table, there: true }));
  try {
    await putBackForcedPolicies(client, lifted, TO_PUT_BACK);
  } catch (error) {
    throw new ScaleoutError(
      'rebalance.force-not-restored',
      `${before}FORCE ROW LEVEL SECURITY of ${named(tables)} could not be put back: ${explain(error)} ` +
        `The owner sees every row of ${tables.length === 1 ? 'it' : 'them'} until it is on again. The next run of any verb, such as "scaleout rebalance status", puts it back; by hand it is ${forceStatements(tables)}`,
      { cause: error },
    );
  }
}

async function holders(client: Client, tables: readonly TableName[]): Promise<string> {
  const names = tables.map(sqlTable);
  const { rows } = await client.query<{ pid: number; role: string | null; application: string | null }>(
    HOLDERS,
    [names],
  );
  if (rows.length === 0) return 'none on the coordinator, so look at pg_locks of the workers';
  return rows
    .map(({ pid, role, application }) =>
      [`session ${String(pid)}`, role, application && `application "${application}"`]
        .filter((part) => part !== null && part !== '')
        .join(', '),
    )
    .join('; ');
}

function named(tables: readonly TableName[]): string {
  return allOf(tables.map(showTable));
}
