/** Parts of queries that join Citus's catalogs with PostgreSQL's. They need the extension. */

/** Whether Citus knows a table. @param oid an expression */
export function isCitusTable(oid: string): string {
  return `${oid} IN (SELECT logicalrelid FROM pg_dist_partition)`;
}

/**
 * Whether a relation was a shard until an online copy replaced it: it stays among the users' tables until Citus drops it.
 *
 * @param schema a row of `pg_namespace`
 * @param relation a row of `pg_class`
 */
export function isOrphanedShard(schema: string, relation: string): string {
  return `EXISTS (SELECT FROM pg_dist_cleanup l
                    WHERE l.object_type = 1 AND l.object_name = format('%I.%I', ${schema}.nspname, ${relation}.relname))`;
}

/** The colocation group of a distributed schema, NULL for any other. Since Citus 12. @param oid an expression */
export function schemaColocationId(oid: string): string {
  return `(SELECT colocationid FROM pg_dist_schema WHERE schemaid = ${oid})`;
}
