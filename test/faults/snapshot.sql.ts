/** Shards are hidden from most sessions; whoever looks for what was lost looks at them too. */
export const SEE_SHARDS = "SELECT set_config('citus.override_table_visibility', 'off', false)";

/** Schemas that are nobody's tables: PostgreSQL's, those of Citus, and this project's own. */
const USERS_SCHEMA = `n.nspname !~ '^(pg_|information_schema$|citus|columnar|scaleout$)'`;

/** Not a shard, and not an extension's. */
const USERS_RELATION = `${USERS_SCHEMA}
     AND NOT relation_is_a_known_shard(c.oid)
     AND c.relname !~ '_[0-9]{6,}$'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** Whatever has rows, named in a specification or not; a materialized view without data has none to read. */
export const RELATIONS = `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind IN ('v', 'm') AS "isView"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE ${USERS_RELATION} AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relispopulated
 ORDER BY 1, 2`;

/** The sequences of the users, and the column that each belongs to. */
export const SEQUENCES = `
SELECT format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::int AS increment, t.oid::regclass::text AS "table", quote_ident(a.attname) AS "column"
  FROM pg_sequence s
  JOIN pg_class c ON c.oid = s.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_class t ON t.oid = d.refobjid
  LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE ${USERS_RELATION}
 ORDER BY 1`;

/** Whether the project has a record of tables of which FORCE is off. */
export const LIFTED_IS_THERE = "SELECT to_regclass('scaleout.forced_policy') IS NOT NULL AS there";

/** The tables with FORCE on, as one row; and, with a record, those that it names. */
export const FORCED = (record: boolean): string => `
SELECT coalesce(array_agg(format('%I.%I', n.nspname, c.relname)), '{}') AS "on",
       ${record ? "(SELECT coalesce(array_agg(format('%I.%I', table_schema, table_name)), '{}') FROM scaleout.forced_policy)" : "'{}'::text[]"} AS recorded
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE ${USERS_RELATION} AND c.relforcerowsecurity`;

/**
 * Everything the catalogs of a node say of the users' tables that has to outlive their distribution, one line each: what
 * follows the last `=` may not change. Left out is what distributing changes by its nature: sizes, oids, the triggers of
 * Citus.
 */
export const CATALOG = `
WITH tables AS (
  SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind, c.relowner, c.relacl, c.relreplident, c.reloptions,
         c.relrowsecurity, c.relforcerowsecurity, c.relpersistence, c.relpartbound, c.relispartition
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${USERS_RELATION} AND c.relkind IN ('r', 'p')
), views AS (
  SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind, c.relowner, c.relacl, c.reloptions, c.relispopulated
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${USERS_SCHEMA} AND c.relkind IN ('v', 'm')
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), sequences AS (
  SELECT c.oid, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname) AS name, c.relowner, c.relacl
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${USERS_SCHEMA} AND c.relkind = 'S'
), lines AS (
  SELECT format('schema %s = owner %s, grants %s', n.nspname, pg_get_userbyid(n.nspowner),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(n.nspacl) g)) AS line
    FROM pg_namespace n
   WHERE ${USERS_SCHEMA}
  UNION ALL
  SELECT format('table %s = owner %s, grants %s, identity %s, options %s, row security %s %s, persistence %s, partitioned %s, partition %s',
                name, pg_get_userbyid(relowner),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(relacl) g), relreplident, reloptions,
                relrowsecurity, relforcerowsecurity, relpersistence,
                CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END,
                CASE WHEN relispartition THEN (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = tables.oid) || ' ' || pg_get_expr(relpartbound, oid) END)
    FROM tables
  UNION ALL
  SELECT format('constraint %s of %s = %s%s', con.conname, t.name, pg_get_constraintdef(con.oid),
                CASE WHEN con.convalidated THEN '' ELSE ', not validated' END)
    FROM pg_constraint con JOIN tables t ON t.oid = con.conrelid
  UNION ALL
  SELECT format('index %s of %s = %s, valid %s', c.relname, t.name, pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i JOIN (SELECT oid, name FROM tables UNION ALL SELECT oid, name FROM views) t ON t.oid = i.indrelid
    JOIN pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT format('column %s of %s = %s, not null %s, default %s, identity %s, generated %s, statistics %s, storage %s, options %s, grants %s',
                a.attname, t.name, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
                a.attgenerated, a.attstattarget, a.attstorage,
                -- Newer servers number the versions of a column here.
                (SELECT string_agg(o, ' ' ORDER BY o) FROM unnest(a.attoptions) o WHERE o !~ '^pg_'),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(a.attacl) g))
    FROM pg_attribute a JOIN tables t ON t.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('view %s = kind %s, populated %s, owner %s, grants %s, options %s, %s', name, relkind, relispopulated, pg_get_userbyid(relowner),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(relacl) g), reloptions, pg_get_viewdef(oid))
    FROM views
  UNION ALL
  SELECT format('column %s of view %s = grants %s', a.attname, v.name, (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(a.attacl) g))
    FROM pg_attribute a JOIN views v ON v.oid = a.attrelid
   WHERE a.attnum > 0 AND a.attacl IS NOT NULL
  UNION ALL
  SELECT format('policy %s of %s = %s for %s to %s using %s check %s', p.polname, t.name, p.polpermissive, p.polcmd,
                (SELECT string_agg(r::regrole::text, ' ' ORDER BY r::regrole::text) FROM unnest(p.polroles) r),
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
  UNION ALL
  SELECT format('sequence %s of %s = owner %s, grants %s', s.name,
                (SELECT string_agg(t.name || ' ' || d.refobjsubid, ' ') FROM pg_depend d JOIN tables t ON t.oid = d.refobjid
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')),
                pg_get_userbyid(relowner), (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(relacl) g))
    FROM sequences s
  UNION ALL
  SELECT format('sequence %s = %s from %s by %s, from %s to %s, cache %s, cycle %s', name, p.data_type, p.start_value, p.increment_by,
                p.min_value, p.max_value, p.cache_size, p.cycle)
    FROM sequences s JOIN pg_sequences p ON (p.schemaname, p.sequencename) = (s.nspname, s.relname)
   WHERE (SELECT groupid FROM pg_dist_local_group) = 0
  UNION ALL
  SELECT format('statistics %s of %s = %s', s.stxname, t.name, pg_get_statisticsobjdef(s.oid))
    FROM pg_statistic_ext s JOIN tables t ON t.oid = s.stxrelid
  UNION ALL
  SELECT format('comment on %s = %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
    FROM pg_description d
   WHERE d.classoid = 'pg_class'::regclass
     AND (d.objoid IN (SELECT oid FROM tables)
          OR d.objoid IN (SELECT oid FROM views)
          OR d.objoid IN (SELECT oid FROM sequences)
          OR d.objoid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM tables UNION ALL SELECT oid FROM views)))
      OR d.classoid = 'pg_policy'::regclass
         AND d.objoid IN (SELECT oid FROM pg_policy WHERE polrelid IN (SELECT oid FROM tables))
      OR d.classoid = 'pg_trigger'::regclass
         AND d.objoid IN (SELECT oid FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM tables) AND NOT tgisinternal)
      OR d.classoid = 'pg_constraint'::regclass
         AND d.objoid IN (SELECT oid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM tables))
      OR d.classoid = 'pg_statistic_ext'::regclass
         AND d.objoid IN (SELECT oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM tables))
)
SELECT line FROM lines ORDER BY line COLLATE "C"`;

/**
 * What the shards of a node have of keys, checks, foreign keys and indexes, and how many of them have it: the catalogs of
 * a coordinator may say what no shard keeps. The numbers of the shards, which differ every time, are left out.
 */
export const SHARDS = `
WITH shards AS (
  SELECT s.shardid, s.logicalrelid::regclass::text AS name, to_regclass(shard_name(s.logicalrelid, s.shardid)) AS shard
    FROM pg_dist_shard s
    JOIN pg_dist_placement p USING (shardid)
   WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group)
), lines AS (
  SELECT format('shard of %s%s', name, CASE WHEN shard IS NULL THEN ' without a table' ELSE '' END) AS line FROM shards
  UNION ALL
  SELECT format('constraint of a shard of %s = %s%s', name, regexp_replace(pg_get_constraintdef(con.oid), '_[0-9]{6,}', '', 'g'),
                CASE WHEN con.convalidated THEN '' ELSE ', not validated' END)
    FROM shards JOIN pg_constraint con ON con.conrelid = shard
  UNION ALL
  SELECT format('index of a shard of %s = %s, valid %s', name, regexp_replace(pg_get_indexdef(i.indexrelid), '_[0-9]{6,}', '', 'g'), i.indisvalid)
    FROM shards JOIN pg_index i ON i.indrelid = shard
  UNION ALL
  SELECT format('a shard of %s = owner %s, grants %s, identity %s, options %s', name, pg_get_userbyid(c.relowner),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(c.relacl) g), c.relreplident, c.reloptions)
    FROM shards JOIN pg_class c ON c.oid = shard
  UNION ALL
  SELECT format('column %s of a shard of %s = %s, not null %s', a.attname, name, format_type(a.atttypid, a.atttypmod), a.attnotnull)
    FROM shards JOIN pg_attribute a ON a.attrelid = shard
   WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('row security of a shard of %s = %s %s', name, relrowsecurity, relforcerowsecurity)
    FROM shards JOIN pg_class c ON c.oid = shard
  UNION ALL
  SELECT format('policy %s of a shard of %s = %s for %s using %s check %s', p.polname, name, p.polpermissive, p.polcmd,
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM shards JOIN pg_policy p ON p.polrelid = shard
)
SELECT line, count(*)::int AS count FROM lines GROUP BY line`;

/** The copies of reference tables that a node has: every node answers from its own. */
export const REFERENCE_COPIES = `
SELECT t.logicalrelid::regclass::text AS name, shard_name(s.logicalrelid, s.shardid) AS shard
  FROM pg_dist_partition t
  JOIN pg_dist_shard s USING (logicalrelid)
  JOIN pg_dist_placement p USING (shardid)
 WHERE t.partmethod = 'n' AND t.repmodel = 't' AND p.groupid = (SELECT groupid FROM pg_dist_local_group)
 ORDER BY 1`;

/** What a node knows of tables, shards and placements; every node must know the same. */
export const METADATA = `
SELECT coalesce(json_agg(line ORDER BY line COLLATE "C"), '[]')::text AS known FROM (
  SELECT format('%s %s %s %s %s', logicalrelid::regclass, partmethod, column_to_column_name(logicalrelid, partkey), colocationid, repmodel) AS line FROM pg_dist_partition
  UNION ALL SELECT format('%s %s %s %s', logicalrelid::regclass, shardid, shardminvalue, shardmaxvalue) FROM pg_dist_shard
  UNION ALL SELECT format('%s on %s', shardid, groupid) FROM pg_dist_placement) AS lines`;

/**
 * What a run that was killed may leave on a node, after Citus has cleaned up: there should be nothing. A subscription that never
 * was enabled is left out: Citus writes down what it is to remove only after it has made it, and a kill comes between.
 */
export const LEFTOVERS = `
SELECT 'replication slot ' || slot_name AS what FROM pg_replication_slots WHERE slot_name LIKE 'citus\\_%'
UNION ALL SELECT 'publication ' || pubname FROM pg_publication WHERE pubname LIKE 'citus\\_%'
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE subname LIKE 'citus\\_%' AND subenabled
UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname ~ '^citus_shard_(move|split)'
UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE gid LIKE 'citus\\_%'
UNION ALL SELECT 'schema scaleout, which holds ' || coalesce((SELECT string_agg(relname, ', ') FROM pg_class WHERE relnamespace = to_regnamespace('scaleout') AND relkind = 'r'), 'nothing')
 WHERE to_regnamespace('scaleout') IS NOT NULL
UNION ALL SELECT 'index or check ' || name FROM (SELECT relname AS name FROM pg_class UNION ALL SELECT conname FROM pg_constraint) AS names WHERE name ~ '^scaleout_'
UNION ALL SELECT 'shard ' || c.relname FROM pg_class c
 WHERE c.relkind IN ('r', 'p') AND c.relname ~ '_[0-9]{6,}$'
   AND NOT EXISTS (SELECT FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
                    WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group)
                      AND s.shardid = substring(c.relname FROM '[0-9]+$')::bigint)
UNION ALL SELECT 'record ' || object_name FROM pg_dist_cleanup
 WHERE (SELECT groupid FROM pg_dist_local_group) = 0`;
