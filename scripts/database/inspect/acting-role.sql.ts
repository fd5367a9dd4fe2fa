/** Owners of the tables $1 (schemas) $2 (names) and of all that is in the schemas $3, with those schemas; the most frequent first. */
export const OWNERS = `
WITH named AS (
  SELECT c.relowner AS role
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN unnest($1::text[], $2::text[]) asked (schema, name) ON (asked.schema, asked.name) = (n.nspname, c.relname)
   WHERE c.relkind IN ('r', 'p', 'f')
   UNION ALL
  SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY ($3::text[]) AND c.relkind IN ('r', 'p', 'f')
   UNION ALL
  SELECT nspowner FROM pg_namespace WHERE nspname = ANY ($3::text[])
), owners AS (
  SELECT role, count(*) AS tables FROM named GROUP BY role
)
SELECT pg_get_userbyid(o.role)::text AS owner, current_user::text AS session, pg_has_role(o.role, 'USAGE') AS ours,
       (SELECT bool_and(pg_has_role(o.role, other.role, 'USAGE')) FROM owners other) AS "hasAll"
  FROM owners o
 ORDER BY o.tables DESC, 1`;

/** What would let this session read the records of a run, statement by statement; catalogs alone are asked. */
export const RECORDS_UNREADABLE = `
SELECT format('GRANT USAGE ON SCHEMA scaleout TO %I', current_user) AS statement
  FROM pg_namespace WHERE nspname = 'scaleout' AND NOT has_schema_privilege(oid, 'USAGE')
 UNION ALL
SELECT format('GRANT SELECT ON scaleout.%I TO %I', c.relname, current_user)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'scaleout' AND c.relname IN ('dropped_foreign_key', 'recorded_comment', 'forced_policy')
   AND NOT has_table_privilege(c.oid, 'SELECT')`;
