/**
 * Whether policies bind the owner of a row of `pg_class` too, or did until a run took FORCE off.
 *
 * @param relation its alias
 * @param recorded there is a record of tables of which a run took FORCE off
 */
export function isForced(relation: string, recorded: boolean): string {
  if (!recorded) return `${relation}.relforcerowsecurity`;
  return (
    `${relation}.relforcerowsecurity OR EXISTS (SELECT FROM scaleout.forced_policy r ` +
    `WHERE r.table_schema = (SELECT nspname FROM pg_namespace WHERE oid = ${relation}.relnamespace) AND r.table_name = ${relation}.relname)`
  );
}

/**
 * The policies under which a role reads a row `t` of `pg_class`, as text; null where none bind it. Of PUBLIC (0) those of a role that
 * is no more than that.
 */
export function policiesFor(role: string, recorded: boolean): string {
  return `CASE WHEN EXISTS (SELECT FROM pg_roles WHERE oid = ${role} AND (rolsuper OR rolbypassrls)) THEN NULL
       WHEN ${role} <> 0 AND pg_has_role(${role}, t.relowner, 'USAGE') AND NOT (${isForced('t', recorded)}) THEN NULL
       ELSE ARRAY(SELECT p.polname FROM pg_policy p
                   WHERE p.polrelid = t.oid AND p.polcmd IN ('r', '*')
                     AND EXISTS (SELECT FROM unnest(p.polroles) AS r(oid) WHERE r.oid = 0 OR ${role} <> 0 AND pg_has_role(${role}, r.oid, 'USAGE'))
                   ORDER BY 1)::text END`;
}
