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
