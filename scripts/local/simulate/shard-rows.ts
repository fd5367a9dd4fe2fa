import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import type { DistributedTable } from '../../../config/distribution-types';
import { ScaleoutError } from '../../lib/errors';
import { shardWidth } from './hash-ranges';

/** What one shard of a table would hold. */
export interface ShardRows {
  readonly index: number;
  readonly rows: number;
  /** The rows' own bytes, and their share of the indexes and of the space around them. */
  readonly bytes: number;
}

/**
 * The hash function of a column's type, as PostgreSQL's default hash operator class has it: Citus distributes by the
 * same one. A type without an operator class of its own (varchar) uses that of the type it is stored as (text).
 */
const HASH_FUNCTION = `
  SELECT a.atttypid::regtype::text AS type, p.amproc::text AS function
    FROM pg_attribute a
    LEFT JOIN LATERAL (
      SELECT m.amproc
        FROM pg_opclass o
        JOIN pg_am am ON am.oid = o.opcmethod AND am.amname = 'hash'
        JOIN pg_amproc m ON m.amprocfamily = o.opcfamily AND m.amproclefttype = o.opcintype
                        AND m.amprocrighttype = o.opcintype AND m.amprocnum = 1
       WHERE o.opcdefault
         AND (o.opcintype = a.atttypid
              OR EXISTS (SELECT FROM pg_cast c
                          WHERE c.castsource = a.atttypid AND c.casttarget = o.opcintype AND c.castmethod = 'b'))
       ORDER BY o.opcintype = a.atttypid DESC
       LIMIT 1) p ON true
   WHERE a.attrelid = $1::regclass AND a.attname = $2 AND NOT a.attisdropped`;

/**
 * Gives every row of an undistributed table the shard Citus would put it in, by PostgreSQL's own hash function. The
 * rows are exact; the bytes are the table's real bytes, shared out by the size of the rows.
 *
 * @throws ScaleoutError where the column is missing or its type cannot be hashed
 */
export async function readShardRows(
  client: Client,
  table: DistributedTable,
  shardCount: number,
): Promise<ShardRows[]> {
  const name = sqlName(table);
  const { rows: columns } = await client.query<{ type: string; function: string | null }>(HASH_FUNCTION, [
    name,
    table.distributeBy,
  ]);
  const column = columns[0];
  if (column?.function == null) {
    throw new ScaleoutError(
      column === undefined
        ? `${name} has no column "${table.distributeBy}" to distribute by`
        : `${name} cannot be distributed by "${table.distributeBy}": nothing hashes the type ${column.type}`,
    );
  }
  const { rows } = await client.query<{ index: number; rows: string; bytes: string }>(
    `WITH shards AS (
       SELECT least($1::int - 1, (${column.function}(${escapeIdentifier(table.distributeBy)})::bigint + 2147483648) / $2::bigint)::int AS index,
              count(*) AS rows, sum(pg_column_size(t.*)) AS bytes
         FROM ${name} t
        GROUP BY 1)
     SELECT index, coalesce(rows, 0)::text AS rows,
            coalesce(round(bytes * pg_total_relation_size($3::regclass) / sum(bytes) OVER ()), 0)::text AS bytes
       FROM generate_series(0, $1::int - 1) index LEFT JOIN shards USING (index)
      ORDER BY index`,
    [shardCount, shardWidth(shardCount), name],
  );
  return rows.map((row) => ({ index: row.index, rows: Number(row.rows), bytes: Number(row.bytes) }));
}

function sqlName({ table }: DistributedTable): string {
  return `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.name)}`;
}
