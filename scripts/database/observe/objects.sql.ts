/**
 * What belongs to a table and no plan depends on: grants, what was set for single columns, comments on policies, triggers and rules,
 * and those on partitions and all that belongs to them. One row a fact: the table's oid, for a partition that of its parent, what it
 * is about, and its definition. Who granted is left out; the owner may do it for somebody else. So are the names that PostgreSQL or Citus
 * gives to NOT NULL constraints. Tables: `$1::oid[]`.
 */
export const GRANTS_AND_SETTINGS = `
WITH RECURSIVE partitions(root, oid, name) AS (
  SELECT t.oid, i.inhrelid, i.inhrelid::regclass::text
    FROM unnest($1::oid[]) AS t(oid) JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
  UNION
  SELECT p.root, i.inhrelid, i.inhrelid::regclass::text
    FROM partitions p JOIN pg_inherits i ON i.inhparent = p.oid
)
SELECT c.oid::int8::float8 AS oid, 'grants' AS subject,
       (SELECT string_agg(format('%s %s %s', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.privilege_type, g.is_grantable),
                          ', ' ORDER BY g.grantee, g.privilege_type, g.is_grantable)
          FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g) AS definition
  FROM pg_class c WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT a.attrelid::int8::float8, 'grants on column ' || a.attname,
       (SELECT string_agg(format('%s %s %s', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.privilege_type, g.is_grantable),
                          ', ' ORDER BY g.grantee, g.privilege_type, g.is_grantable)
          FROM aclexplode(a.attacl) g)
  FROM pg_attribute a
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl <> '{}'
UNION ALL
SELECT a.attrelid::int8::float8, 'settings of column ' || a.attname,
       concat_ws(' ', nullif(coalesce(a.attstattarget, -1), -1), nullif(a.attstorage, t.typstorage), nullif(a.attcompression, ''), o.options)
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (SELECT string_agg(option, ' ' ORDER BY option) FROM unnest(a.attoptions) option WHERE option LIKE 'n_distinct%') o(options)
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
   AND (coalesce(a.attstattarget, -1) <> -1 OR a.attstorage <> t.typstorage OR a.attcompression <> '' OR o.options IS NOT NULL)
UNION ALL
SELECT con.conrelid::int8::float8, 'name of NOT NULL of column ' || a.attname, about.text
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]
 CROSS JOIN LATERAL (SELECT concat_ws(' ', CASE WHEN con.conname !~ '_not_null[0-9]*$' THEN con.conname END, CASE WHEN con.connoinherit THEN 'NO INHERIT' END,
                                      CASE WHEN NOT con.convalidated THEN 'NOT VALID' END)) about(text)
 WHERE con.conrelid = ANY ($1::oid[]) AND con.contype = 'n' AND con.coninhcount = 0 AND (c.relkind = 'r' OR con.connoinherit) AND about.text <> ''
UNION ALL
SELECT p.polrelid::int8::float8, 'comment on policy ' || p.polname, d.description
  FROM pg_policy p JOIN pg_description d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid
 WHERE p.polrelid = ANY ($1::oid[])
UNION ALL
SELECT t.tgrelid::int8::float8, 'comment on trigger ' || t.tgname, d.description
  FROM pg_trigger t JOIN pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid
 WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal
UNION ALL
SELECT r.ev_class::int8::float8, 'comment on rule ' || r.rulename, d.description
  FROM pg_rewrite r JOIN pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = r.oid
 WHERE r.ev_class = ANY ($1::oid[]) AND r.rulename <> '_RETURN'
UNION ALL
SELECT p.root::int8::float8, 'comment on ' || coalesce('column ' || a.attname || ' of ', '') || 'partition ' || p.name, d.description
  FROM partitions p JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = p.oid
  LEFT JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = d.objsubid AND d.objsubid > 0
UNION ALL
SELECT p.root::int8::float8, 'comment on index ' || c.relname || ' of partition ' || p.name, d.description
  FROM partitions p JOIN pg_index i ON i.indrelid = p.oid JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
UNION ALL
SELECT p.root::int8::float8, 'comment on constraint ' || con.conname || ' of partition ' || p.name, d.description
  FROM partitions p JOIN pg_constraint con ON con.conrelid = p.oid AND NOT (con.contype = 'n' AND con.coninhcount > 0)
  JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = con.oid`;

/** The partitions of the tables, at any depth. Tables: `$1::oid[]`. */
export const PARTITIONS = `
WITH RECURSIVE partitions(root, oid) AS (
  SELECT t.oid, i.inhrelid
    FROM unnest($1::oid[]) AS t(oid) JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
  UNION
  SELECT p.root, i.inhrelid FROM partitions p JOIN pg_inherits i ON i.inhparent = p.oid
)
SELECT p.root::int8::float8 AS root, p.oid::int8::float8 AS oid, p.oid::regclass::text AS name,
       json_build_object('schema', n.nspname, 'name', c.relname) AS table
  FROM partitions p JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace
 ORDER BY p.root, p.oid`;

/** What is known of a table from elsewhere, and of a partition from here alone. Partitions: `$1::oid[]`. */
export const OF_PARTITIONS = `
SELECT c.oid::int8::float8 AS oid, 'owner' AS subject, pg_get_userbyid(c.relowner)::text AS definition
  FROM pg_class c WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT c.oid::int8::float8, 'replica identity', c.relreplident::text FROM pg_class c WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT a.attrelid::int8::float8, 'NOT NULL of column ' || a.attname, 'true'
  FROM pg_attribute a WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull`;
