import type { Client } from 'pg';
import { withBoundedReads } from '../../lib/connection';
import { readCopies } from '../../citus/sessions';
import type { CopyCount } from '../../citus/sessions';
import { readDatabaseBytes, readTableBytes } from '../../citus/sizes';
import type { TableName } from '../../../config/workload/distribution-types';
import { sqlTable } from '../../database/model/names';
import type { TablesStep } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';

/** How far the copy of a step is, looked for from another session while it runs. */
export interface CopyMeasure {
  readonly unit: 'rows' | 'bytes';
  /** Absent where nobody can guess it. */
  readonly total?: number;
  /** By now; undefined where nothing of the copy is to be seen at the moment. Absent where there is no way to tell. */
  readonly count?: (client: Client) => Promise<number | undefined>;
}

/**
 * Adds up the rows that arrive in shards. PostgreSQL forgets a copy that has ended, and the partitions of a table are
 * copied one after the other: what a copy had when it was last seen keeps counting.
 */
export class CopiedRows {
  private readonly most = new Map<string, CopyCount>();

  see(copying: readonly CopyCount[]): void {
    for (const each of copying) {
      const key = `${String(each.node)} ${each.copy}`;
      if (each.rows >= (this.most.get(key)?.rows ?? 0)) this.most.set(key, each);
    }
  }

  /** Rows of all copies, with those that have ended. */
  total(): number {
    return [...this.most.values()].reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Rows on the node that is furthest, where every node receives all of them. */
  furthest(): number {
    const nodes = new Map<number, number>();
    for (const { node, rows } of this.most.values()) nodes.set(node, (nodes.get(node) ?? 0) + rows);
    return Math.max(0, ...nodes.values());
  }
}

/** Counts what the COPYs report that Citus runs for a session, whatever it calls the shards. */
function countCopies(
  pid: number,
  { replicated }: { readonly replicated: boolean },
): NonNullable<CopyMeasure['count']> {
  const copied = new CopiedRows();
  return async (client) => {
    const copies = await readCopies(client, pid);
    copied.see(copies);
    const now = replicated ? copied.furthest() : copied.total();
    return copies.length === 0 && now > 0 ? undefined : now;
  };
}

/**
 * The ways back and sideways are INSERT ... SELECT in one transaction, which reports nothing and whose new table nobody else
 * can see. The database grows by it, and by what others write meanwhile: an estimate, in bytes, since the coordinator has no
 * statistics of tables that lie elsewhere.
 */
async function growth(client: Client, tables: readonly TableName[]): Promise<CopyMeasure> {
  const total = await withBoundedReads(client, () => readTableBytes(client, tables.map(sqlTable)));
  const before = await readDatabaseBytes(client);
  const count = async (session: Client): Promise<number> =>
    Math.max(0, Math.min(total, (await readDatabaseBytes(session)) - before));
  return { unit: 'bytes', total, count };
}

/** How the copy of a step is measured, decided before it runs. */
export async function copyMeasure(
  client: Client,
  step: TablesStep,
  { pid, tables }: { readonly pid: number; readonly tables: readonly TableName[] },
): Promise<CopyMeasure> {
  const { rows } = step;
  const inRows = { unit: 'rows' as const, ...(rows === undefined ? {} : { total: rows }) };
  const { copies } = stepKind(step);
  if (copies !== 'from table to table') {
    return { ...inRows, count: countCopies(pid, { replicated: copies === 'to every node' }) };
  }
  // Somebody's lock on the table is the step's business and not that of its progress.
  return growth(client, tables).catch(() => inRows);
}
