import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { query } from './sensors';

/** Everything that a run could have changed, in one value: what a dump of the schema says, and what Citus knows. */
const STATE = `
SELECT (SELECT json_agg(json_build_array(logicalrelid::text, partmethod, repmodel, colocationid) ORDER BY logicalrelid::text) FROM pg_dist_partition) AS citus,
       (SELECT json_build_array(count(*), coalesce(sum(shardid), 0)) FROM pg_dist_placement) AS placements,
       (SELECT json_agg(json_build_array(c.oid, c.relname, c.relkind, pg_get_userbyid(c.relowner), c.relacl::text, c.relreplident, obj_description(c.oid, 'pg_class')) ORDER BY c.oid)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|citus|columnar|information_schema)') AS relations,
       (SELECT json_agg(json_build_array(conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')) ORDER BY oid)
          FROM pg_constraint WHERE connamespace <> ALL (ARRAY['pg_catalog'::regnamespace, 'information_schema'::regnamespace])) AS constraints,
       (SELECT json_agg(json_build_array(indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid) ORDER BY indexrelid) FROM pg_index WHERE indexrelid >= 16384) AS indexes,
       (SELECT json_agg(json_build_array(attrelid::regclass::text, attname, attnotnull) ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) AS columns,
       (SELECT json_agg(json_build_array(nspname, nspacl::text) ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp') AS schemas`;

/** @param platform a login that sees everything */
export async function databaseState(platform: ConnectionTarget): Promise<unknown> {
  return query(platform, STATE);
}
