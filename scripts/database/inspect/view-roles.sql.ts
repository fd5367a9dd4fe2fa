import { FAMILY } from './family.sql';
import { policiesFor } from './forced.sql';

/** Views over the tables, what they read, who has rights on them, and what those rights alone give. */
const RIGHTS = `
WITH RECURSIVE ${FAMILY}, reads(view, relation) AS (
  SELECT DISTINCT v.oid, c.oid
    FROM pg_class v
    JOIN pg_rewrite r ON r.ev_class = v.oid AND r.ev_type = '1'
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = d.refobjid AND c.oid <> v.oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
   WHERE v.relkind = 'v'
     AND NOT 'pg_catalog'::regnamespace = ANY (ARRAY[v.relnamespace, c.relnamespace])
     AND NOT 'information_schema'::regnamespace = ANY (ARRAY[v.relnamespace, c.relnamespace])
     AND NOT EXISTS (SELECT FROM pg_options_to_table(v.reloptions)
                      WHERE CASE option_name WHEN 'security_invoker' THEN option_value::bool END)
     AND has_any_column_privilege(v.relowner, c.oid, 'SELECT')
     AND position(concat(':relid ', c.oid, ' ') IN r.ev_action::text) > 0
), below(view, relation) AS (
  SELECT view, relation FROM reads
  UNION
  SELECT b.view, r.relation FROM below b JOIN reads r ON r.view = b.relation
), above(oid, view) AS (
  SELECT DISTINCT f.oid, b.view FROM family f JOIN below b USING (relation)
), base(view, relation, schema) AS (
  SELECT b.view, b.relation, c.relnamespace
    FROM below b JOIN pg_class c ON c.oid = b.relation AND c.relkind <> 'v'
   WHERE b.view IN (SELECT view FROM above)
), granted(view, role, privilege) AS (
  SELECT v.oid, a.grantee, a.privilege_type FROM pg_class v, aclexplode(v.relacl) a WHERE v.oid IN (SELECT view FROM above)
  UNION
  SELECT c.attrelid, a.grantee, a.privilege_type FROM pg_attribute c, aclexplode(c.attacl) a WHERE c.attrelid IN (SELECT view FROM above)
), refused(view, role, relation, schema, no_select, no_usage) AS (
  SELECT g.view, g.role, b.relation, b.schema, no_select, no_usage
    FROM granted g
    JOIN base b USING (view),
         LATERAL (SELECT NOT has_table_privilege(g.role, b.relation, 'SELECT') AS no_select,
                         NOT has_schema_privilege(g.role, b.schema, 'USAGE') AS no_usage) lacks
   WHERE g.privilege = 'SELECT' AND (no_select OR no_usage)
     AND (g.role <> 0
          OR EXISTS (SELECT FROM pg_roles r
                      WHERE r.rolcanlogin AND NOT (has_table_privilege(r.oid, b.relation, 'SELECT') AND has_schema_privilege(r.oid, b.schema, 'USAGE'))))
), reading(view, role, tables, schemas) AS (
  SELECT r.view, r.role,
         coalesce(json_agg(json_build_object('schema', n.nspname, 'name', c.relname) ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")
                    FILTER (WHERE r.no_select), '[]'),
         coalesce(array_agg(DISTINCT n.nspname::text) FILTER (WHERE r.no_usage), '{}')
    FROM refused r JOIN pg_class c ON c.oid = r.relation JOIN pg_namespace n ON n.oid = r.schema
   GROUP BY r.view, r.role
), writing(view, role, writes) AS (
  SELECT g.view, g.role, array_agg(g.privilege ORDER BY g.privilege)
    FROM granted g
   WHERE pg_relation_is_updatable(g.view, false) & CASE g.privilege WHEN 'UPDATE' THEN 4 WHEN 'INSERT' THEN 8 WHEN 'DELETE' THEN 16 ELSE 0 END <> 0
     AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = g.view AND t.tgtype & 64 <> 0)
     AND NOT EXISTS (SELECT FROM base b WHERE b.view = g.view AND has_table_privilege(g.role, b.relation, g.privilege))
     AND EXISTS (SELECT FROM base b JOIN pg_class v ON v.oid = b.view
                  WHERE b.view = g.view AND has_table_privilege(v.relowner, b.relation, g.privilege))
   GROUP BY g.view, g.role`;

/**
 * Who reaches tables by rights on a view alone. One row a table, a view and a role (null: PUBLIC), with what the role could not read
 * by itself of all that the view reads, which writes it has through the view alone, or where policies would show it other rows than
 * the view's owner. Tables: as walked.
 *
 * A view is followed into views, not into materialized ones, which hold rows of their own. A security_invoker view gives nobody more
 * rights than they have, so those who read through one are found further down; one whose owner may not read gives nothing. What a
 * function returns is a dependency as well, and only the rule's own text tells it from a table that is read.
 * Rights that come from a membership, from PUBLIC, or with being the owner or a superuser count like any other. Policies differ for a
 * member where it has some of its own, or where its group is above them.
 *
 * @param recorded there is a record of tables of which a run took FORCE off
 */
export function viewRoles(recorded: boolean): string {
  return `${RIGHTS}
), reader(view, role) AS (
  SELECT view, role FROM granted WHERE privilege = 'SELECT'
  UNION
  SELECT g.view, m.oid FROM granted g JOIN pg_roles m ON m.rolcanlogin AND NOT m.rolsuper AND pg_has_role(m.oid, g.role, 'USAGE')
   WHERE g.privilege = 'SELECT' AND g.role <> 0
), bound(view, role, tables) AS (
  SELECT g.view, g.role,
         json_agg(json_build_object('schema', n.nspname, 'name', t.relname) ORDER BY n.nspname COLLATE "C", t.relname COLLATE "C")
    FROM reader g
    JOIN base b USING (view)
    JOIN pg_class v ON v.oid = g.view AND v.relowner <> g.role
    JOIN pg_class t ON t.oid = b.relation AND t.relrowsecurity JOIN pg_namespace n ON n.oid = t.relnamespace
   WHERE (${policiesFor('v.relowner', recorded)}) IS DISTINCT FROM (${policiesFor('g.role', recorded)})
   GROUP BY g.view, g.role
)
SELECT a.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', v.relname) AS view, o.rolname AS role,
       coalesce(r.tables, '[]') AS "lacksSelect", coalesce(r.schemas, '{}') AS "lacksUsage", coalesce(w.writes, '{}') AS writes,
       coalesce(p.tables, '[]') AS "boundOn"
  FROM reading r
  FULL JOIN writing w USING (view, role)
  FULL JOIN bound p USING (view, role)
  JOIN above a USING (view)
  JOIN pg_class v ON v.oid = view
  JOIN pg_namespace n ON n.oid = v.relnamespace
  LEFT JOIN pg_roles o ON o.oid = role
 WHERE has_schema_privilege(role, v.relnamespace, 'USAGE')
 ORDER BY n.nspname COLLATE "C", v.relname COLLATE "C", o.rolname COLLATE "C" NULLS FIRST`;
}
