/**
 * What belongs to a table and no plan depends on: grants, and what was set for single columns. One row a fact: the
 * table's oid, what it is about, and its definition. Who granted is left out; the owner may do it for somebody else.
 * Tables: `$1::oid[]`.
 */
export const GRANTS_AND_SETTINGS = `
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
   AND (coalesce(a.attstattarget, -1) <> -1 OR a.attstorage <> t.typstorage OR a.attcompression <> '' OR o.options IS NOT NULL)`;
