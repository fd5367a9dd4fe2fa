import { escapeIdentifier } from 'pg';
import { sqlTable } from '../database/model/names';
import type { HashedType, HashFunction, Leaf, Source } from './source';

/**
 * How far a value's hash is from the smallest one, from 0 to 2^32 - 1. A function that SQL cannot call with the type is
 * reached through an array: that of one element hashes to the element's hash plus 31, in 32 bits.
 */
function hashOffset({ schema, name, takesType }: HashFunction, value: string): string {
  return takesType
    ? `(${escapeIdentifier(schema)}.${escapeIdentifier(name)}(${value})::int8 + 2147483648)`
    : `((pg_catalog.hash_array(ARRAY[${value}])::int8 + 6442450913) % 4294967296)`;
}

/** The hash of each text of $1 that is a value of a type, signed. */
export function hashValues({ hash, sqlType }: HashedType): string {
  return `
SELECT value, (${hashOffset(hash, `value::${sqlType}`)} - 2147483648)::float8 AS hash FROM unnest($1::text[]) value`;
}

/** The shard of a value: as Citus cuts the hash space, the last shard takes what is left over; none for NULL. $1 shards, $2 width. */
const indexOf = ({ hash }: Source, value: string): string =>
  `CASE WHEN ${value} IS NOT NULL THEN least($1::int - 1, ${hashOffset(hash, value)} / $2::int8)::int END`;

/**
 * Every row of the table, shard by shard: $1 shards, $2 hashes to a shard, $3 fewest rows of a value that is told by name.
 * NULLs come as a row without an index.
 */
export function exactRows(source: Source): string {
  return countedRows(source, indexOf(source, 'tenant'), '$3');
}

/**
 * The same of a table that is distributed, by shards of whatever ranges: $1 where each shard's range starts, as offsets from
 * the smallest hash and in order, $2 fewest rows of a value that is told by name. NULLs come as a row without an index.
 */
export function exactRowsOfShards(source: Source): string {
  return countedRows(source, `width_bucket(${hashOffset(source.hash, 'tenant')}, $1::int8[]) - 1`, '$2');
}

/**
 * Counts by value first and hashes each value once, so that it costs what counting by value costs. The largest value of
 * each shard is found without sorting, as the largest text that begins with the number of rows; values with few rows are
 * many, and are left out of that.
 */
function countedRows(source: Source, index: string, fewest: string): string {
  return `
SELECT ${index} AS index, sum(rows)::float8 AS rows, count(*)::float8 AS tenants,
       max(rows)::float8 AS "biggestRows",
       substr(max((lpad(rows::text, 19, '0') || tenant::text) COLLATE "C") FILTER (WHERE rows >= ${fewest}::int), 20) AS biggest
  FROM (SELECT ${escapeIdentifier(source.column)} AS tenant, count(*) AS rows FROM ${source.from} GROUP BY 1) tenants
 GROUP BY 1`;
}

/**
 * The rows of drawn blocks: $1 shards, $2 hashes to a shard, $3 draws, then for each leaf an array of draws, one of weights, and
 * one each of the first row's place in the block and in the block after it. One row for each shard, one with index -1
 * for the table, one with index -2 for the value that holds most. NULLs come as a row without an index.
 */
export function sampledRows(source: Source, leaves: readonly Leaf[]): string {
  const column = escapeIdentifier(source.column);
  const branches = leaves.map((leaf, index) => {
    const first = 4 + index * 4;
    const [draws, weights, starts, ends] = [0, 1, 2, 3].map((offset) => `$${String(first + offset)}`);
    return `
  SELECT b.draw, b.weight, r.tenant, r.width
    FROM unnest(${String(draws)}::int[], ${String(weights)}::float8[], ${String(starts)}::tid[], ${String(ends)}::tid[]) b (draw, weight, start, stop),
         -- OFFSET 0 keeps the subquery whole, so that the block's bounds are parameters of a TID range scan.
         LATERAL (SELECT ${column} AS tenant, ${widthOf(leaf)} AS width
                    FROM ONLY ${sqlTable(leaf.table)} leaf WHERE ctid >= b.start AND ctid < b.stop OFFSET 0) r`;
  });
  return `
WITH sampled AS MATERIALIZED (${branches.join('\n   UNION ALL')}
), parts AS (
  SELECT draw, weight, ${indexOf(source, 'tenant')} AS index, count(*) AS rows, sum(width) AS bytes
    FROM sampled GROUP BY 1, 2, 3
), top AS (
  SELECT tenant, count(*) OVER () AS tenants
    FROM sampled WHERE tenant IS NOT NULL GROUP BY 1 ORDER BY sum(weight) DESC LIMIT 1
), weighted AS (
  SELECT index, draw, rows::float8, rows * weight AS z, bytes * weight AS bytes FROM parts
   UNION ALL
  SELECT -1, draw, sum(rows)::float8, sum(rows) * weight, sum(bytes) * weight FROM parts GROUP BY draw, weight
   UNION ALL
  SELECT -2, draw, count(*)::float8, count(*) * weight, 0 FROM sampled WHERE tenant = (SELECT tenant FROM top) GROUP BY draw, weight
), linked AS (
  SELECT weighted.*, CASE WHEN lag(draw) OVER neighbours = draw - 1 THEN lag(z) OVER neighbours ELSE 0 END AS before
    FROM weighted WINDOW neighbours AS (PARTITION BY index ORDER BY draw)
)
SELECT index, sum(rows) AS seen, count(*)::float8 AS blocks, sum(z) AS estimate, sum(z * z) AS squares,
       sum(z * before) AS products,
       sum((CASE draw WHEN 1 THEN 1 ELSE 0 END + CASE draw WHEN $3::int THEN 1 ELSE 0 END) * z * z) AS ends,
       sum(bytes) AS bytes, CASE WHEN index = -2 THEN (SELECT tenant::text FROM top) END AS tenant,
       CASE WHEN index = -2 THEN (SELECT tenants FROM top) END::float8 AS tenants
  FROM linked
 GROUP BY index`;
}

/**
 * Bytes of a row, with what it keeps out of line. The whole row at once is exact and would fetch every value that is
 * stored out of line; where there are any, the columns are asked one by one, which does not.
 */
function widthOf({ toastBytes, columns }: Leaf): string {
  if (toastBytes === 0) return 'pg_column_size(leaf.*)';
  return `24 + ${columns.map((name) => `coalesce(pg_column_size(leaf.${escapeIdentifier(name)}), 0)`).join(' + ')}`;
}
