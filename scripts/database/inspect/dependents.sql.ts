import { FAMILY } from './family.sql';

/**
 * What is lost where Citus recreates a table: every object that PostgreSQL drops with the old table, or leaves with it, and that no step
 * brings along. It is found by exclusion, so that a kind of object that this program does not know is found as well. Left out are the
 * parts of the table and of its partitions, the views over them with their parts, sequences that Citus gives to the new table (those
 * that a default owns), foreign keys, and tables that inherit. Tables: as walked.
 */
export function dependents(citus: boolean): string {
  return `
WITH RECURSIVE ${FAMILY}, parts(oid, class, object) AS (
  SELECT oid, 'pg_class'::regclass::oid, relation FROM family
  UNION
  SELECT p.oid, next.class, next.object
    FROM parts p
    JOIN pg_depend d ON d.refclassid = p.class AND d.refobjid = p.object
    LEFT JOIN pg_class on_class ON p.class = 'pg_class'::regclass AND on_class.oid = p.object
    LEFT JOIN pg_class by_class ON d.classid = 'pg_class'::regclass AND by_class.oid = d.objid
    LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid AND NOT t.tgisinternal
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
    CROSS JOIN LATERAL (
      SELECT 'pg_class'::regclass::oid, v.oid WHERE on_class.relkind IN ('r', 'p', 'v', 'm')
      UNION ALL
      SELECT d.classid, d.objid
       WHERE d.deptype IN ('a', 'i', 'P', 'S') AND NOT (d.deptype = 'a' AND by_class.relkind IS NOT DISTINCT FROM 'S')
             AND (t.oid IS NULL OR t.tgrelid = p.object)
    ) AS next(class, object)
   WHERE next.object IS NOT NULL
), named(oid, object, partof, class, id, kind) AS (
  SELECT p.oid,
         CASE WHEN v.oid IS NOT NULL THEN pg_describe_object('pg_class'::regclass, v.oid, 0)
              ELSE pg_describe_object(d.classid, d.objid, CASE WHEN own.relkind IN ('v', 'm') THEN 0 ELSE d.objsubid END) END,
         pg_describe_object(p.class, p.object, 0), d.classid, d.objid,
         CASE WHEN d.classid = 'pg_proc'::regclass THEN 'function'
              WHEN own.relkind IN ('r', 'p', 'f') AND d.objsubid > 0 THEN 'column'
              WHEN d.classid = 'pg_attrdef'::regclass THEN 'default' ELSE 'other' END
    FROM parts p
    JOIN pg_depend d ON d.refclassid = p.class AND d.refobjid = p.object
    LEFT JOIN pg_class own ON d.classid = 'pg_class'::regclass AND own.oid = d.objid
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
   WHERE NOT (d.classid = 'pg_class'::regclass AND own.relkind = 'S' AND d.deptype = 'a')
     AND NOT EXISTS (SELECT FROM pg_constraint f WHERE d.classid = 'pg_constraint'::regclass AND f.oid = d.objid AND f.contype = 'f')
     AND NOT EXISTS (SELECT FROM pg_inherits i WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND i.inhrelid = d.objid AND i.inhparent = p.object)
     AND NOT EXISTS (SELECT FROM parts o WHERE o.oid = p.oid AND o.class = d.classid AND o.object = d.objid)
     AND NOT EXISTS (SELECT FROM parts o WHERE o.oid = p.oid AND o.class = 'pg_class'::regclass AND o.object = v.oid)
     ${citus ? `AND NOT (d.classid = 'pg_class'::regclass AND relation_is_a_known_shard(d.objid))` : ''}
)
SELECT DISTINCT ON (n.oid, n.object COLLATE "C") n.oid::int8::float8 AS oid, n.object, n.partof AS "on", n.kind,
       ARRAY(SELECT DISTINCT pg_describe_object(CASE WHEN v.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(v.oid, d.objid),
                                                CASE WHEN v.oid IS NULL THEN d.objsubid ELSE 0 END) AS description
               FROM pg_depend d
               LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
               LEFT JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
              WHERE n.kind = 'function' AND d.refclassid = n.class AND d.refobjid = n.id AND d.deptype = 'n'
              ORDER BY description) AS "usedBy"
  FROM named n
 ORDER BY n.oid, n.object COLLATE "C", n.partof COLLATE "C"`;
}
