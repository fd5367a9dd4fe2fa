import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { withBoundedReads } from '../../lib/connection';
import { putBackForcedPolicies, readLiftedTables } from '../../database/model/forced-policies';
import { sameTable } from '../../database/model/names';
import { fingerprintTables } from '../../database/observe/fingerprint';
import type { Fingerprint } from '../../database/observe/fingerprint';
import type { ReadSessions } from '../../database/observe/read-sessions';
import { actsOn } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import { readRecord, recordRowsAfter, recordRowsBefore } from '../../database/observe/before-record';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import type { TablesStep } from '../../database/model/step';

/**
 * The rows of a table whose policies bind its owner can be counted only while FORCE is off: right before the copy and right after it,
 * by sessions of their own. Both counts go into the record of what there was before the run, which outlives it.
 */

/** Called before each step: counts what the step is about to copy, or has copied before FORCE comes back. */
export async function countWhileLifted(
  client: Client,
  readers: ReadSessions,
  step: TablesStep,
  live: LiveDatabase,
): Promise<void> {
  if (stepKind(step).copies !== undefined) {
    const lifted = live.tables.filter((each) => isLifted(each) && actsOn(step, each.table));
    const known = lifted.length === 0 ? undefined : await readRecord(client);
    for (const { table } of lifted) {
      if (known?.rows.some((each) => sameTable(each.table, table)) === true) continue;
      await recordRowsBefore(client, await count(readers, table));
    }
  } else if (step.action === 'restore-forced-policy') {
    const lifted = live.tables.filter(isLifted).map(({ table }) => table);
    for (const table of lifted) await recordRowsAfter(client, await count(readers, table));
  }
}

function isLifted({ forced }: LiveTable): boolean {
  return forced.some(({ state }) => state === 'lifted');
}

async function count(readers: ReadSessions, table: TableName): Promise<Fingerprint> {
  const counted = await readers(1, ([reader]) =>
    reader === undefined
      ? Promise.resolve([])
      : withBoundedReads(reader, () => fingerprintTables(reader, [table])),
  );
  const [fingerprint] = counted;
  if (fingerprint === undefined) throw new Error('no session to count with');
  return fingerprint;
}

/**
 * Counts what a run copied and was cut off before it put FORCE back, as far as the record knows what it held before. The caller puts
 * FORCE back next. Fine where nothing is lifted.
 */
export async function countCutOff(client: Client, readers: ReadSessions): Promise<void> {
  const lifted = await readLiftedTables(client);
  if (lifted.length === 0) return;
  const known = (await readRecord(client))?.rows ?? [];
  for (const { table, there } of lifted) {
    if (there && known.some((each) => sameTable(each.table, table)))
      await recordRowsAfter(client, await count(readers, table));
  }
}

/** Puts FORCE back after a step that failed or was stopped, and counts before it does. @returns the tables that have it again */
export async function closeWindows(client: Client, readers: ReadSessions): Promise<TableName[]> {
  await countCutOff(client, readers).catch(() => undefined);
  return putBackForcedPolicies(client, await readLiftedTables(client));
}
