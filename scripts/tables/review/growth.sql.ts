/**
 * How large the relations `$1::oid[]` are on the coordinator, partitions as part of their parent. Rows as the planner estimates them: as
 * many to a page as when they were counted, times the pages there are now; null where they never were.
 */
export const TABLE_SIZES = `
SELECT c.oid::int8::float8 AS oid, sum(pg_table_size(p.oid))::float8 AS bytes,
       CASE WHEN bool_and(s.pages = 0 OR p.relpages > 0 AND p.reltuples >= 0)
            THEN sum(CASE WHEN s.pages = 0 THEN 0 ELSE p.reltuples::float8 / greatest(p.relpages, 1) * s.pages END) END AS rows
  FROM unnest($1::oid[]) AS c(oid)
  CROSS JOIN LATERAL (SELECT c.oid UNION SELECT relid::oid FROM pg_partition_tree(c.oid)) AS family(oid)
  JOIN pg_class p ON p.oid = family.oid AND p.relkind = 'r'
  CROSS JOIN LATERAL (SELECT pg_relation_size(p.oid) / current_setting('block_size')::int AS pages) s
 GROUP BY c.oid`;

/** Those of the tables $1 (oids) that this session may count: it may read them, and no policy hides a row. */
export const READABLE = `
SELECT oid::int8::float8 AS oid FROM unnest($1::oid[]) AS asked(oid)
 WHERE has_table_privilege(oid, 'SELECT') AND has_schema_privilege((SELECT relnamespace FROM pg_class c WHERE c.oid = asked.oid), 'USAGE')
   AND NOT row_security_active(oid)`;
