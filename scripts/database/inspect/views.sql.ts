import { ACTING_ROLE, BECOME } from '../../citus/membership.sql';
import { FAMILY } from './family.sql';
import { policiesFor } from './forced.sql';
import { privilegesOnTop } from './privileges.sql';

/**
 * Views that rest on the tables or on partitions of them, at any remove, in an order in which they can be made: what a view reads comes
 * before it. Numbers below 16384 are PostgreSQL's own. Tables: as walked.
 *
 * Where Citus makes a table anew it makes these views anew too, by their definitions, owners and options alone. `extras` are the
 * statements that bring back what it leaves out, in their order: options, indexes, statistics, defaults, triggers, rules, grants, comments.
 */
export const VIEWS = `
WITH RECURSIVE reads(relation, view) AS (
  SELECT DISTINCT d.refobjid, v.oid
    FROM pg_class v
    JOIN pg_rewrite r ON r.ev_class = v.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
   WHERE v.relkind IN ('v', 'm') AND d.refobjid <> v.oid AND v.oid >= 16384 AND v.relnamespace <> 'pg_catalog'::regnamespace
), ${FAMILY}, resting(oid, view, depth) AS (
  SELECT oid, reads.view, 1 FROM family JOIN reads USING (relation)
  UNION
  SELECT resting.oid, reads.view, resting.depth + 1 FROM resting JOIN reads ON reads.relation = resting.view
), views(view, depth) AS (
  SELECT view, max(depth) FROM resting GROUP BY view
), below(view, relation) AS (
  SELECT reads.view, relation FROM reads JOIN views USING (view)
  UNION
  SELECT below.view, reads.relation FROM below JOIN reads ON reads.view = below.relation
), named(view, name) AS (
  SELECT view, format('%I.%I', n.nspname, c.relname)
    FROM views JOIN pg_class c ON c.oid = view JOIN pg_namespace n ON n.oid = c.relnamespace
), grantees(view, grantee, role, privilege, columns, more) AS (
  SELECT view, a.grantee, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type, '',
         CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM views JOIN pg_class c ON c.oid = view, aclexplode(c.relacl) a WHERE a.grantee <> c.relowner
  UNION
  SELECT view, a.grantee, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type,
         format(' (%I)', x.attname), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM views JOIN pg_class c ON c.oid = view JOIN pg_attribute x ON x.attrelid = view, aclexplode(x.attacl) a
   WHERE a.grantee <> c.relowner
), readers(view, role) AS (
  -- The roles by whose policies a view reads: its owner, or whoever may read it where it says security_invoker.
  SELECT view, c.relowner FROM views JOIN pg_class c ON c.oid = view
  UNION
  SELECT view, grantee FROM grantees JOIN pg_class c ON c.oid = view
   WHERE privilege = 'SELECT' AND c.relkind = 'v'
     AND EXISTS (SELECT FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker' AND option_value::boolean)
), extras(view, place, statement) AS (
  SELECT view, 5, format('ALTER MATERIALIZED VIEW %s SET (%s)', name,
                         (SELECT string_agg(format('%I = %L', option_name, option_value), ', ')
                            FROM pg_options_to_table(c.reloptions)))
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm' WHERE cardinality(c.reloptions) > 0
  UNION ALL
  SELECT i.indrelid, 10, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid IN (SELECT view FROM views)
  UNION ALL
  SELECT view, 11, format('ALTER MATERIALIZED VIEW %s CLUSTER ON %I', name, c.relname)
    FROM named JOIN pg_index i ON i.indrelid = view AND i.indisclustered JOIN pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT i.indrelid, 12, format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) >= 0
   WHERE i.indrelid IN (SELECT view FROM views)
  UNION ALL
  SELECT view, 9, format('ALTER MATERIALIZED VIEW %s SET (%s)', name,
                         (SELECT string_agg(format('toast.%I = %L', option_name, option_value), ', ' ORDER BY option_name COLLATE "C")
                            FROM pg_options_to_table(t.reloptions)))
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm'
    JOIN pg_class t ON t.oid = c.reltoastrelid AND cardinality(t.reloptions) > 0
  UNION ALL
  SELECT s.stxrelid, 20, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s WHERE s.stxrelid IN (SELECT view FROM views)
  UNION ALL
  SELECT s.stxrelid, 21, format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget)
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
   WHERE s.stxrelid IN (SELECT view FROM views) AND coalesce(s.stxstattarget, -1) >= 0
  UNION ALL
  SELECT view, 21, format('ALTER MATERIALIZED VIEW %s ALTER COLUMN %I SET STATISTICS %s', name, a.attname, a.attstattarget)
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm' JOIN pg_attribute a ON a.attrelid = view
   WHERE a.attnum > 0 AND NOT a.attisdropped AND coalesce(a.attstattarget, -1) >= 0
  UNION ALL
  SELECT view, 22, format('ALTER MATERIALIZED VIEW %s ALTER COLUMN %I SET (%s)', name, a.attname,
                          (SELECT string_agg(format('%I = %L', option_name, option_value), ', ' ORDER BY option_name COLLATE "C")
                             FROM pg_options_to_table(a.attoptions) WHERE option_name LIKE 'n_distinct%'))
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm'
    JOIN pg_attribute a ON a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped
     AND EXISTS (SELECT FROM pg_options_to_table(a.attoptions) WHERE option_name LIKE 'n_distinct%')
  UNION ALL
  SELECT view, 23, format('ALTER MATERIALIZED VIEW %s ALTER COLUMN %I SET STORAGE %s', name, a.attname,
                          CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm'
    JOIN pg_attribute a ON a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid AND t.typstorage <> a.attstorage
  UNION ALL
  SELECT view, 24, format('ALTER MATERIALIZED VIEW %s ALTER COLUMN %I SET COMPRESSION %s', name, a.attname,
                          CASE a.attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END)
    FROM named JOIN pg_class c ON c.oid = view AND c.relkind = 'm'
    JOIN pg_attribute a ON a.attrelid = view AND a.attnum > 0 AND NOT a.attisdropped AND a.attcompression <> ''
  UNION ALL
  SELECT view, 30, format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', name, a.attname, pg_get_expr(d.adbin, d.adrelid))
    FROM named JOIN pg_attrdef d ON d.adrelid = view JOIN pg_attribute a ON a.attrelid = view AND a.attnum = d.adnum
  UNION ALL
  SELECT t.tgrelid, 40, pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid IN (SELECT view FROM views) AND NOT t.tgisinternal
  UNION ALL
  SELECT r.ev_class, 50, rtrim(pg_get_ruledef(r.oid), ';') FROM pg_rewrite r
   WHERE r.ev_class IN (SELECT view FROM views) AND r.rulename <> '_RETURN'
  UNION ALL
  SELECT view, 59, format('REVOKE %s ON TABLE %s FROM %s', more.privilege_type, name, more.role)
    FROM named JOIN pg_class c ON c.oid = view CROSS JOIN LATERAL ${privilegesOnTop('c', 'r')} AS more
  UNION ALL
  SELECT view, CASE g.columns WHEN '' THEN 60 ELSE 62 END,
         format('GRANT %s%s ON TABLE %s TO %s%s', g.privilege, g.columns, name, g.role, g.more)
    FROM grantees g JOIN named USING (view)
  UNION ALL
  -- Citus takes neither defaults nor grants on columns to the nodes. The coordinator, which resolves views, is where PostgreSQL asks for them.
  SELECT DISTINCT local.view, place, 'SET LOCAL citus.enable_ddl_propagation TO ' || setting
    FROM (SELECT view, 61 AS first FROM grantees WHERE columns <> ''
          UNION SELECT adrelid, 29 FROM pg_attrdef WHERE adrelid IN (SELECT view FROM views)) AS local
   CROSS JOIN LATERAL (VALUES (local.first, 'off'), (local.first + 2, 'on')) AS around(place, setting)
  UNION ALL
  SELECT view, 70, format('COMMENT ON %s %s IS %L', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, name, d.description)
    FROM named JOIN pg_class c ON c.oid = view
    JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = view AND d.objsubid = 0
  UNION ALL
  SELECT view, 71, format('COMMENT ON COLUMN %s.%I IS %L', name, a.attname, d.description)
    FROM named JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = view AND d.objsubid > 0
    JOIN pg_attribute a ON a.attrelid = view AND a.attnum = d.objsubid
  UNION ALL
  SELECT i.indrelid, 72, format('COMMENT ON INDEX %I.%I IS %L', n.nspname, c.relname, d.description)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
   WHERE i.indrelid IN (SELECT view FROM views)
  UNION ALL
  SELECT view, 73, format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, name, d.description)
    FROM named JOIN pg_trigger t ON t.tgrelid = view
    JOIN pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid
  UNION ALL
  SELECT view, 74, format('COMMENT ON RULE %I ON %s IS %L', r.rulename, name, d.description)
    FROM named JOIN pg_rewrite r ON r.ev_class = view
    JOIN pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = r.oid
  UNION ALL
  SELECT s.stxrelid, 75, format('COMMENT ON STATISTICS %I.%I IS %L', n.nspname, s.stxname, d.description)
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    JOIN pg_description d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid
   WHERE s.stxrelid IN (SELECT view FROM views)
)
SELECT json_build_object('schema', n.nspname, 'name', v.relname) AS view,
       CASE v.relkind WHEN 'm' THEN 'materialized' ELSE 'plain' END AS kind,
       v.relispopulated AS populated, pg_get_userbyid(v.relowner)::text AS owner, pg_has_role(${ACTING_ROLE}, v.relowner, ${BECOME}) AS ours,
       CASE v.relkind WHEN 'm' THEN pg_total_relation_size(v.oid) ELSE 0 END::float8 AS bytes,
       (SELECT json_agg(json_build_object('schema', tn.nspname, 'name', t.relname) ORDER BY tn.nspname COLLATE "C", t.relname COLLATE "C")
          FROM (SELECT DISTINCT oid FROM resting r WHERE r.view = v.oid) AS below
          JOIN pg_class t ON t.oid = below.oid JOIN pg_namespace tn ON tn.oid = t.relnamespace) AS tables,
       (SELECT coalesce(json_agg(json_build_object('schema', tn.nspname, 'name', t.relname) ORDER BY tn.nspname COLLATE "C", t.relname COLLATE "C"), '[]')
          FROM reads r JOIN views o ON o.view = r.relation JOIN pg_class t ON t.oid = r.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
         WHERE r.view = v.oid) AS views,
       (SELECT coalesce(json_agg(json_build_object('schema', tn.nspname, 'name', t.relname) ORDER BY tn.nspname COLLATE "C", t.relname COLLATE "C"), '[]')
          FROM below JOIN pg_class t ON t.oid = below.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
         WHERE below.view = v.oid AND t.relrowsecurity AND t.relforcerowsecurity AND pg_has_role(${ACTING_ROLE}, t.relowner, 'USAGE')
           AND t.oid NOT IN (SELECT relation FROM family)) AS "forcedElsewhere",
       v.relowner <> (SELECT oid FROM pg_roles WHERE rolname = ${ACTING_ROLE})
         AND EXISTS (SELECT FROM below JOIN pg_class t ON t.oid = below.relation
                      WHERE below.view = v.oid AND t.relrowsecurity AND (${policiesFor('v.relowner', false)}) IS NOT NULL) AS "ownerBound",
       (SELECT coalesce(json_agg(json_build_object('schema', tn.nspname, 'name', t.relname) ORDER BY tn.nspname COLLATE "C", t.relname COLLATE "C"), '[]')
          FROM (SELECT DISTINCT pg_partition_root(t.oid) AS root, t.oid FROM reads r JOIN pg_class t ON t.oid = r.relation
                 WHERE r.view = v.oid AND t.relrowsecurity
                   AND EXISTS (SELECT FROM readers WHERE readers.view = v.oid AND (${policiesFor('readers.role', false)}) = '{}')) AS empty
          JOIN pg_class t ON t.oid = coalesce(empty.root, empty.oid) JOIN pg_namespace tn ON tn.oid = t.relnamespace) AS "emptyByPolicy",
       rtrim(pg_get_viewdef(v.oid), ';') AS definition,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = v.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns,
       ARRAY(SELECT a.attname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND coalesce(nullif(t.typelem, 0), t.oid) NOT IN ('float4'::regtype, 'float8'::regtype, 'json'::regtype, 'xml'::regtype)
              ORDER BY a.attnum) AS compared,
       ARRAY(SELECT statement FROM extras e WHERE e.view = v.oid ORDER BY place, statement COLLATE "C") AS extras
  FROM views JOIN pg_class v ON v.oid = view JOIN pg_namespace n ON n.oid = v.relnamespace
 ORDER BY depth, n.nspname COLLATE "C", v.relname COLLATE "C"`;
