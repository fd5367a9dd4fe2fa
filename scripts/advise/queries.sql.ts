/** What `advise` asks of a database beside what `inspect` reads. All of it is catalogs and views, never a table's rows. */

/** Sizes and counts; those of a partitioned table are its partitions' together. */
export const TABLE_STATISTICS = tableStatistics('$1::oid[]');

/** @param tables their oids, as SQL */
function tableStatistics(tables: string): string {
  return `
SELECT n.nspname AS schema, c.relname AS name,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
       CASE WHEN c.relkind = 'p'
            THEN coalesce((SELECT sum(pg_total_relation_size(t.relid)) FROM pg_partition_tree(c.oid) t WHERE t.isleaf), 0)
            ELSE pg_total_relation_size(c.oid) END::float8 AS bytes,
       coalesce((SELECT sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del) FROM pg_stat_user_tables s
                  WHERE s.relid = c.oid
                     OR c.relkind = 'p' AND s.relid IN (SELECT t.relid FROM pg_partition_tree(c.oid) t)), 0)::float8 AS writes,
       has_any_column_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS readable,
       row_security_active(c.oid) AS "rowSecurity"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = ANY (${tables})`;
}

/** Only columns this role may read are in the view. A negative n_distinct is a share of the rows. */
export const COLUMN_STATISTICS = columnStatistics('$1::oid[]');

/** @param tables their oids, as SQL */
function columnStatistics(tables: string): string {
  return `
SELECT s.schemaname AS schema, s.tablename AS name, s.attname AS column,
       s.n_distinct::float8 AS distinct, s.null_frac::float8 AS nulls, (s.most_common_freqs)[1]::float8 AS top
  FROM pg_stats s
  JOIN pg_class c ON c.oid = format('%I.%I', s.schemaname, s.tablename)::regclass
 WHERE c.oid = ANY (${tables}) AND s.inherited = (c.relkind = 'p')`;
}

const ALL_TABLES = `ARRAY(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
           AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast')`;

/**
 * What to run on production, with `psql -AtX`: it prints the file that `--assume` reads, out of catalogs and statistics. How many
 * rows and values there are leaves the database, and no value of any row does.
 */
export const ASSUME_QUERY = `
SELECT jsonb_pretty(jsonb_build_object('formatVersion', 1, 'tables', coalesce(jsonb_object_agg(
         format('%I.%I', t.schema, t.name),
         jsonb_strip_nulls(jsonb_build_object('rows', round(t.rows), 'bytes', t.bytes, 'columns', (
           SELECT jsonb_object_agg(format('%I', k."column"), jsonb_strip_nulls(jsonb_build_object(
                    'distinct', round(CASE WHEN k.distinct < 0 THEN -k.distinct * coalesce(t.rows, 0) ELSE k.distinct END),
                    'nulls', k.nulls, 'top', k.top)))
             FROM (${columnStatistics(ALL_TABLES)}) k
            WHERE k.schema = t.schema AND k.name = t.name)))), '{}')))
  FROM (${tableStatistics(ALL_TABLES)}) t`.trim();

/** The partitioned table that each partition is a part of, in the end. */
export const PARTITIONS = `
SELECT n.nspname AS schema, c.relname AS name, pn.nspname AS "rootSchema", p.relname AS "rootName"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class p ON p.oid = pg_partition_root(c.oid)
  JOIN pg_namespace pn ON pn.oid = p.relnamespace
 WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')`;

/** Where pg_stat_statements is, and whether this role may see the statements of others. */
export const STATEMENTS_EXTENSION = `
SELECT n.nspname AS schema, pg_has_role('pg_read_all_stats', 'USAGE') AS "allRoles"
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements'`;

/** The statements of this database by calls. @param view its qualified name, escaped */
export function statements(view: string): string {
  return `
SELECT query, sum(calls)::float8 AS calls
  FROM ${view}
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query ~* '^\\s*(/\\*.*?\\*/\\s*|--[^\\n]*\\n\\s*)*(select|insert|update|delete|merge|with)\\M'
 GROUP BY query
 ORDER BY 2 DESC, 1
 LIMIT $1`;
}

/** Plans are made for any value, without parallel workers, which would only hide the shape. */
export const PLANNING = `
SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('max_parallel_workers_per_gather', '0', true),
       set_config('enable_memoize', 'off', true), set_config('jit', 'off', true),
       set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true)`;

export const PARAMETER_COUNT = `
SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = $1`;
