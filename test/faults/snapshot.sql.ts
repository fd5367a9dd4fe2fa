/**
 * Everything the catalogs say of the users' tables that has to outlive their distribution, one line each: what follows
 * the last `=` may not change. Left out is what distributing changes by its nature: sizes, oids, the triggers of Citus.
 */
export const CATALOG = `
WITH tables AS (
  SELECT c.oid, c.relname, c.relowner, c.relacl, c.relreplident, c.reloptions, c.relrowsecurity, c.relpersistence
    FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
     AND NOT relation_is_a_known_shard(c.oid)
     AND c.relname !~ '_[0-9]{6,}$'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), lines AS (
  SELECT format('table %s = owner %s, grants %s, identity %s, options %s, row security %s, persistence %s', relname,
                pg_get_userbyid(relowner),
                (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM unnest(relacl) g), relreplident, reloptions,
                relrowsecurity, relpersistence) AS line
    FROM tables
  UNION ALL
  SELECT format('constraint %s of %s = %s%s', con.conname, t.relname, pg_get_constraintdef(con.oid),
                CASE WHEN con.convalidated THEN '' ELSE ', not validated' END)
    FROM pg_constraint con JOIN tables t ON t.oid = con.conrelid
  UNION ALL
  SELECT format('index %s of %s = %s, valid %s', c.relname, t.relname, pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT format('column %s of %s = %s, not null %s, default %s, identity %s, generated %s, statistics %s', a.attname, t.relname,
                format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
                a.attgenerated, a.attstattarget)
    FROM pg_attribute a JOIN tables t ON t.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('sequence %s of %s', s.relname, t.relname)
    FROM pg_depend d JOIN tables t ON t.oid = d.refobjid JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
   WHERE d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  UNION ALL
  SELECT format('statistics %s of %s = %s', s.stxname, t.relname, pg_get_statisticsobjdef(s.oid))
    FROM pg_statistic_ext s JOIN tables t ON t.oid = s.stxrelid
  UNION ALL
  SELECT format('comment on %s = %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
    FROM pg_description d
   WHERE d.classoid = 'pg_class'::regclass
     AND (d.objoid IN (SELECT oid FROM tables)
          OR d.objoid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM tables)))
      OR d.classoid = 'pg_constraint'::regclass
         AND d.objoid IN (SELECT oid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM tables))
      OR d.classoid = 'pg_statistic_ext'::regclass
         AND d.objoid IN (SELECT oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM tables))
)
SELECT line FROM lines ORDER BY line COLLATE "C"`;

/** What a run that was killed may leave on a node, after Citus has cleaned up: there should be nothing. */
export const LEFTOVERS = `
SELECT 'replication slot ' || slot_name AS what FROM pg_replication_slots WHERE slot_name LIKE 'citus\\_%'
UNION ALL SELECT 'publication ' || pubname FROM pg_publication WHERE pubname LIKE 'citus\\_%'
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription WHERE subname LIKE 'citus\\_%'
UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE gid LIKE 'citus\\_%'
UNION ALL SELECT 'shard ' || c.relname FROM pg_class c
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname ~ '_[0-9]{6,}$'
   AND NOT EXISTS (SELECT FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
                    WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group)
                      AND s.shardid = substring(c.relname FROM '[0-9]+$')::bigint)
UNION ALL SELECT 'record ' || object_name FROM pg_dist_cleanup
 WHERE (SELECT groupid FROM pg_dist_local_group) = 0`;
