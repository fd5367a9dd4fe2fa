/**
 * The queries of views, as trees, and of the views that they read: `$1::text[]` holds their schemas, `$2::text[]` their names. What a
 * tree says of relations, operators and functions is in numbers.
 */
export const VIEW_TREES = `
WITH RECURSIVE wanted(view) AS (
  SELECT c.oid
    FROM unnest($1::text[], $2::text[]) AS asked(schema, name)
    JOIN pg_namespace n ON n.nspname = asked.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
  UNION
  SELECT d.refobjid
    FROM wanted
    JOIN pg_rewrite r ON r.ev_class = wanted.view
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'
)
SELECT n.nspname AS schema, c.relname AS name, r.ev_action::text AS tree,
       current_setting('server_version_num')::int / 10000 AS postgres
  FROM wanted
  JOIN pg_class c ON c.oid = wanted.view
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_rewrite r ON r.ev_class = c.oid AND r.ev_type = '1'`;

/**
 * Relations that trees name, `$1::oid[]`. A partition stands for the table it is a part of; its columns keep their own numbers.
 */
export const TREE_RELATIONS = `
SELECT c.oid::text AS oid, json_build_object('schema', n.nspname, 'name', root.relname) AS "table", root.oid::int8::float8 AS "tableOid",
       c.relkind = 'v' AS "isView",
       ARRAY(SELECT CASE WHEN NOT a.attisdropped THEN a.attname::text END
               FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) AS columns
  FROM pg_class c
  JOIN pg_class root ON root.oid = CASE WHEN c.relispartition THEN pg_partition_root(c.oid) ELSE c.oid END
  JOIN pg_namespace n ON n.oid = root.relnamespace
 WHERE c.oid = ANY ($1::oid[])`;

/** Of operators, those that say that two values are equal. */
export const EQUALITIES = `
SELECT oid::text AS oid FROM pg_operator WHERE oid = ANY ($1::oid[]) AND (oprcanmerge OR oprcanhash)`;

/** Of functions, those that may say something else the next time. */
export const MUTABLE_FUNCTIONS = `
SELECT oid::text AS oid, CASE provolatile WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility
  FROM pg_proc WHERE oid = ANY ($1::oid[]) AND provolatile <> 'i'`;
