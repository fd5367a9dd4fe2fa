import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { releaseAdvisoryLock, tryAdvisoryLock } from '../../lib/connection';
import { explain, isServerError, refused } from '../../lib/errors';
import type { Reporter } from '../../lib/reporter';
import { putBackForcedPolicies, readLiftedTables } from '../model/forced-policies';
import type { LiftedTable } from '../model/forced-policies';
import { showTable, sqlTable } from '../model/names';

/**
 * Puts FORCE ROW LEVEL SECURITY back where a run that was cut off left it off. Every verb that opens a database calls it before
 * anything else. While a run is at work, which holds the advisory lock `tables`, it changes nothing and says so. Where it
 * cannot put FORCE back, it warns with the statement that does.
 */
export async function putBackFirst(client: Client, reporter: Reporter): Promise<void> {
  const problem = await putBack(client, reporter);
  if (problem !== undefined) reporter.warn(problem);
}

/**
 * The same for a verb that moves or copies rows.
 *
 * @throws ScaleoutError (refused) where FORCE cannot be put back
 */
export async function requirePutBack(client: Client, reporter: Reporter): Promise<void> {
  const problem = await putBack(client, reporter);
  if (problem !== undefined) throw refused('tables.force-not-restored', `${problem}; nothing was changed`);
}

/** @returns why FORCE is still off, and what to do; undefined where nothing is wrong */
async function putBack(client: Client, reporter: Reporter): Promise<string | undefined> {
  const record = await orProblem(() => readLiftedTables(client));
  if ('problem' in record) {
    return `the record of tables whose FORCE ROW LEVEL SECURITY is off (scaleout.forced_policy) cannot be read: ${record.problem} Run this as the owner of the tables`;
  }
  if (record.done.length === 0) return undefined;
  if (!(await tryAdvisoryLock(client, 'tables'))) {
    reporter.info(
      `a run is at work on this database; FORCE ROW LEVEL SECURITY of ${named(record.done)} is off until that run puts it back`,
    );
    return undefined;
  }
  try {
    // What was read without the lock may be put back by now.
    const result = await orProblem(async () => {
      const lifted = await readLiftedTables(client);
      await putBackForcedPolicies(client, lifted);
      return lifted;
    });
    if ('problem' in result) return stillOff(record.done, result.problem);
    if (result.done.length > 0) reporter.warn(described(result.done));
    return undefined;
  } finally {
    await releaseAdvisoryLock(client, 'tables');
  }
}

async function orProblem<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T } | { readonly problem: string }> {
  try {
    return { done: await work() };
  } catch (error) {
    // A session that was lost is told of where it was lost.
    if (!isServerError(error) || error.severity !== 'ERROR') throw error;
    return { problem: explain(error) };
  }
}

function described(lifted: readonly LiftedTable[]): string {
  const there = lifted.filter((each) => each.there);
  const gone = lifted.filter((each) => !each.there);
  const back =
    there.length === 0
      ? []
      : [
          `a run was cut off while FORCE ROW LEVEL SECURITY of ${named(there)} was off; it is on again. Until now the owner saw every row`,
        ];
  return [
    ...back,
    ...(gone.length === 0
      ? []
      : [
          `${named(gone)} had FORCE ROW LEVEL SECURITY when a run was cut off and is gone now: if it was renamed, put FORCE on again yourself`,
        ]),
  ].join('. ');
}

function stillOff(lifted: readonly LiftedTable[], problem: string): string {
  return (
    `FORCE ROW LEVEL SECURITY of ${named(lifted)} is off, left so by a run that was cut off, and could not be put back: ${problem} ` +
    `Run any verb as the owner, or as the owner: ${forceStatements(lifted.map(({ table }) => table))}`
  );
}

/** Ready to paste. */
export function forceStatements(tables: readonly TableName[]): string {
  return tables.map((table) => `ALTER TABLE ${sqlTable(table)} FORCE ROW LEVEL SECURITY;`).join(' ');
}

function named(lifted: readonly LiftedTable[]): string {
  return allOf(lifted.map(({ table }) => showTable(table)));
}
