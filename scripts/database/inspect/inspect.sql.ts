import { isCitusTable, isOrphanedShard, schemaColocationId } from '../../citus/fragments.sql';
import { ACTING_ROLE } from '../../citus/membership.sql';
import { isForced } from './forced.sql';
import { FAMILY, WALK_PARTITIONS } from './family.sql';
import { privilegesOnTop } from './privileges.sql';

/** Catalog queries of `inspect`. Tables travel as oids, `$1::oid[]`, or as they were walked. */

/**
 * Where commits are acknowledged before they are written: one JSON array of this node itself (null) and of roles. Sessions may
 * set the same for themselves, which no one sees.
 */
export const ASYNCHRONOUS_COMMITS = `
SELECT coalesce(json_agg(DISTINCT who), '[]')
  FROM (SELECT 1 WHERE current_setting('synchronous_commit') = 'off') AS node(one)
  FULL JOIN (SELECT CASE WHEN setrole = 0 THEN NULL ELSE pg_get_userbyid(setrole)::text END
               FROM pg_db_role_setting
              WHERE 'synchronous_commit=off' = ANY (setconfig)
                AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))) AS r(who) ON false`;

export const SESSION = `
SELECT current_database() AS database, ${ACTING_ROLE} AS role, current_user AS "sessionRole", current_setting('wal_level') AS "walLevel",
       (SELECT extversion FROM pg_extension WHERE extname = 'citus') AS "citusVersion",
       current_setting('citus.shard_replication_factor', true)::int AS "shardReplicationFactor",
       (${ASYNCHRONOUS_COMMITS}) AS "asynchronousCommits"`;

/** Every relation of the users that has rows. Shards, which live beside them on the coordinator, are left out. */
export function relations(citus: boolean): string {
  return `
SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name,
       c.relkind IN ('r', 'p', 'f') AS "isTable", c.relkind = 'f' AS "isForeign",
       CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::int8::float8 END AS "rootOid"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'citus', 'citus_internal', 'columnar', 'columnar_internal', 'scaleout')
   AND n.nspname !~ '^pg_(toast|temp)'
   AND NOT EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ${citus ? `AND NOT relation_is_a_known_shard(c.oid) AND NOT ${isOrphanedShard('n', 'c')}` : ''}
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;
}

/** Foreign keys from or to the tables and their partitions. What a partition has from its parent is left out. */
export const FOREIGN_KEYS = `
WITH RECURSIVE ${WALK_PARTITIONS}
SELECT con.conname AS name,
       con.conrelid::int8::float8 AS "tableOid", con.confrelid::int8::float8 AS "referencesOid",
       json_build_object('schema', n.nspname, 'name', c.relname) AS table,
       json_build_object('schema', fn.nspname, 'name', fc.relname) AS references,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) WITH ORDINALITY k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum ORDER BY place) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(con.confkey) WITH ORDINALITY k(attnum, place)
               JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum ORDER BY place) AS "referencedColumns",
       i.relname AS "usesKey", con.confdeltype::text AS "onDelete", con.confupdtype::text AS "onUpdate",
       con.convalidated AS validated, pg_get_constraintdef(con.oid) AS definition,
       obj_description(con.oid, 'pg_constraint') AS comment
  FROM pg_constraint con
  JOIN pg_class c ON c.oid = con.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class fc ON fc.oid = con.confrelid JOIN pg_namespace fn ON fn.oid = fc.relnamespace
  JOIN pg_class i ON i.oid = con.conindid
 WHERE con.contype = 'f' AND con.conparentid = 0
   AND (con.conrelid IN (SELECT relation FROM family) OR con.confrelid IN (SELECT relation FROM family))
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", con.conname COLLATE "C"`;

/**
 * What holds the rows of a table, a row `c` of `pg_class`: itself, or its partitions. A columnar table without a row has two blocks. An
 * index identifies rows for changes that are replayed where each row is checked at once.
 */
const HEAPS = `
  SELECT count(*)::int AS number,
         coalesce(bool_or(pg_relation_size(h.oid) > CASE WHEN am.amname = 'columnar' THEN 2 * current_setting('block_size')::int ELSE 0 END), false) AS filled,
         coalesce(json_agg(json_build_object('table', json_build_object('schema', hn.nspname, 'name', h.relname), 'why', why)
                           ORDER BY hn.nspname COLLATE "C", h.relname COLLATE "C") FILTER (WHERE h.oid <> c.oid AND why IS NOT NULL), '[]') AS apart
    FROM (SELECT c.oid WHERE c.relkind = 'r'
          UNION ALL
          SELECT relid FROM pg_partition_tree(c.oid) WHERE c.relkind = 'p' AND isleaf) AS heap(oid)
    JOIN pg_class h ON h.oid = heap.oid
    JOIN pg_namespace hn ON hn.oid = h.relnamespace
    LEFT JOIN pg_am am ON am.oid = h.relam
   CROSS JOIN LATERAL (
     SELECT CASE WHEN h.relpersistence = 'u' THEN 'unlogged' WHEN am.amname = 'columnar' THEN 'columnar'
                 WHEN h.relreplident = 'n' THEN 'unidentified'
                 WHEN h.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = h.oid AND i.indisreplident) THEN 'unidentified'
                 WHEN h.relreplident = 'd' AND c.relreplident <> 'd'
                  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = h.oid AND i.indisprimary AND i.indimmediate) THEN 'without a key'
            END) AS found(why)`;

export const TABLES = `
SELECT c.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table,
       CASE WHEN c.relispartition THEN 'partition' WHEN c.relkind = 'r' THEN 'table' WHEN c.relkind = 'p' THEN 'partitioned'
            WHEN c.relkind = 'f' THEN 'foreign' ELSE 'view' END AS kind,
       (SELECT json_build_object('schema', rn.nspname, 'name', r.relname)
          FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
         WHERE c.relispartition AND r.oid = pg_partition_root(c.oid)) AS "partOf",
       NOT c.relispartition AND c.relkind IN ('r', 'f')
         AND EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent)) AS inherits,
       c.relpersistence = 'u' AS unlogged, coalesce(am.amname = 'columnar', false) AS columnar,
       pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(${ACTING_ROLE}, c.relowner, 'USAGE') AS ours,
       ARRAY(SELECT p FROM unnest(ARRAY['REFERENCES', 'TRUNCATE']) p WHERE NOT has_table_privilege(c.relowner, c.oid, p)) AS "ownerLacks",
       ARRAY(SELECT more.privilege_type || ' to ' || more.role FROM ${privilegesOnTop('c', 'r')} AS more
              WHERE c.relkind IN ('r', 'p') AND more.role <> quote_ident(pg_get_userbyid(c.relowner)) ORDER BY 1) AS "defaultGrants",
       ARRAY(SELECT DISTINCT pg_get_userbyid(x.relowner)::text FROM pg_partition_tree(c.oid) JOIN pg_class x ON x.oid = relid
              WHERE c.relkind = 'p' AND x.relowner <> c.relowner ORDER BY 1) AS "partitionOwners",
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS "rowEstimate",
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid)
            WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree(c.oid))
            ELSE 0 END::float8 AS bytes,
       heaps.filled AS "hasHeap", c.relkind = 'p' AND heaps.number = 0 AS "noPartitions", heaps.apart AS "partitionsApart",
       ARRAY(SELECT a.attname::text
               FROM pg_partitioned_table pt, unnest(pt.partattrs::int2[]) WITH ORDINALITY k(attnum, place)
               LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND a.attnum > 0
              WHERE pt.partrelid = c.oid ORDER BY place) AS "partitionedBy",
       c.relkind = 'p' AND EXISTS (SELECT FROM pg_partition_tree(c.oid) WHERE level > 0 AND NOT isleaf) AS nested,
       CASE WHEN c.relkind = 'p' THEN (SELECT min(x.conname::text COLLATE "C") FROM pg_constraint x
         WHERE x.conrelid = c.oid AND x.contype = 'c' AND NOT x.connoinherit) END AS "inheritedCheck",
       CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' ELSE 'default' END AS "replicaIdentity",
       (SELECT coalesce(json_agg(json_build_object('table', json_build_object('schema', rn.nspname, 'name', rc.relname), 'rule', r.rulename)
                                 ORDER BY rn.nspname COLLATE "C", rc.relname COLLATE "C", r.rulename COLLATE "C"), '[]')
          FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS family(oid)
          JOIN pg_rewrite r ON r.ev_class = family.oid
          JOIN pg_class rc ON rc.oid = family.oid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
         WHERE c.relkind = 'p' OR c.relkind = 'r' AND c.relhasrules) AS rules,
       ARRAY(SELECT concat(t.tgname, CASE WHEN h.oid <> c.oid THEN ' of partition ' || h.relname END)
               FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS family(oid)
               JOIN pg_class h ON h.oid = family.oid JOIN pg_trigger t ON t.tgrelid = h.oid AND t.tgparentid = 0 AND NOT t.tgisinternal
              WHERE t.tgname !~ '^(citus_|truncate_trigger_)'
              ORDER BY h.oid <> c.oid, h.relname COLLATE "C", t.tgname COLLATE "C") AS triggers,
       ARRAY(SELECT x.relname::text
               FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS family(oid)
               JOIN pg_index i ON i.indrelid = family.oid AND NOT i.indisvalid JOIN pg_class x ON x.oid = i.indexrelid
              ORDER BY x.relname COLLATE "C") AS "invalidIndexes",
       ARRAY(SELECT DISTINCT concat(x.conname, ' of domain ', x.contypid::regtype)
               FROM pg_attribute a JOIN pg_constraint x ON x.contypid = a.atttypid AND NOT x.convalidated
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition
              ORDER BY 1) AS "uncheckedDomains",
       ARRAY(SELECT concat(a.attname, CASE WHEN h.oid <> c.oid THEN ' of partition ' || h.relname END)
               FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS family(oid)
               JOIN pg_class h ON h.oid = family.oid JOIN pg_attribute a ON a.attrelid = h.oid
              WHERE a.attnum > 0 AND NOT a.attisdropped AND cardinality(a.attacl) > 0
              ORDER BY h.oid <> c.oid, h.relname COLLATE "C", a.attnum) AS "columnGrants"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am am ON am.oid = c.relam
 CROSS JOIN LATERAL (${HEAPS}) AS heaps
 WHERE c.oid = ANY ($1::oid[])
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/**
 * A type can be hashed when it, or what it is a form of, has a default operator class for hashing. A typmod of numeric
 * is precision and scale, plus four; the scale is its lower 11 bits, signed since PostgreSQL 15.
 */
export const COLUMNS = `
SELECT a.attrelid::int8::float8 AS oid, a.attname::text AS name, format_type(a.atttypid, NULL) AS type,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
       coalesce(NOT co.collisdeterministic, false) AS "looseCollation",
       a.atttypid = 'numeric'::regtype AND a.atttypmod >= 4
         AND (((a.atttypmod - 4) & 2047) # 1024) - 1024 < 0 AS "negativeScale",
       a.attnotnull AS "notNull", a.attgenerated <> '' AS generated,
       a.attidentity <> '' OR EXISTS (
         SELECT FROM pg_attrdef d JOIN pg_depend x ON x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid AND x.refclassid = 'pg_class'::regclass
           JOIN pg_class s ON s.oid = x.refobjid AND s.relkind = 'S'
          WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) AS "drawsValues",
       base.typtype = 'e' OR base.typcategory = 'A' OR EXISTS (
         SELECT FROM pg_opclass o JOIN pg_am am ON am.oid = o.opcmethod
          WHERE am.amname = 'hash' AND o.opcdefault
            AND (o.opcintype = base.oid
                 OR EXISTS (SELECT FROM pg_cast x WHERE x.castsource = base.oid AND x.casttarget = o.opcintype
                               AND x.castmethod = 'b' AND x.castcontext = 'i'))) AS hashable
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_collation co ON co.oid = a.attcollation
  JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum`;

export const KEYS = `
SELECT i.indrelid::int8::float8 AS oid, ic.relname AS name,
       CASE WHEN i.indisprimary THEN 'primary' WHEN i.indisexclusion THEN 'exclusion'
            WHEN con.oid IS NOT NULL THEN 'unique' ELSE 'index' END AS kind,
       ARRAY(SELECT a.attname::text
               FROM generate_series(0, i.indnkeyatts - 1) place
               LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place] AND a.attnum > 0
              ORDER BY place) AS columns,
       coalesce(ic.reloptions, '{}') AS options, ts.spcname AS tablespace, obj_description(ic.oid, 'pg_class') AS "indexComment",
       i.indisvalid AND i.indisready AS valid, i.indisreplident AS "identifiesRows",
       ARRAY(SELECT a.attname::text
               FROM generate_series(i.indnkeyatts, i.indnatts - 1) place
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place]
              ORDER BY place) AS include,
       coalesce(con.condeferrable, false) AS deferrable, obj_description(con.oid, 'pg_constraint') AS comment,
       ARRAY(SELECT DISTINCT coalesce(pg_describe_object('pg_class'::regclass, r.ev_class, 0),
                                      pg_describe_object(d.classid, d.objid, d.objsubid)) AS description
               FROM pg_depend d
               LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
              WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = con.oid AND d.deptype = 'n'
              ORDER BY description) AS dependents
  FROM pg_index i
  JOIN pg_class ic ON ic.oid = i.indexrelid
  LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace
  LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
 WHERE i.indrelid = ANY ($1::oid[]) AND (i.indisunique OR i.indisexclusion)
 ORDER BY ic.relname COLLATE "C"`;

/**
 * Columns GENERATED AS IDENTITY, each with its sequence. `extras` are the statements that bring back what Citus leaves out when it
 * makes the table, and so the sequence, anew: privileges and the comment. A partition draws from its parent's.
 */
export const IDENTITIES = `
SELECT d.refobjid::int8::float8 AS oid, a.attname::text AS column, format_type(a.atttypid, NULL) AS type,
       NOT a.attname ~ '^([a-z_]|[^\\x01-\\x7f])([a-z0-9_$]|[^\\x01-\\x7f])*$'
         OR a.attname IN (SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')) AS "needsQuotes",
       json_build_object('schema', n.nspname, 'name', c.relname) AS sequence, s.seqcache::text AS cache,
       ARRAY(SELECT statement
               FROM (SELECT 1, format('REVOKE %s ON SEQUENCE %I.%I FROM %s', more.privilege_type, n.nspname, c.relname, more.role)
                       FROM ${privilegesOnTop('c', 'S')} AS more
                     UNION ALL
                     SELECT 2, format('GRANT %s ON SEQUENCE %I.%I TO %s%s', g.privilege_type, n.nspname, c.relname,
                                   CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                                   CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                       FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner
                     UNION ALL
                     SELECT 3, format('COMMENT ON SEQUENCE %I.%I IS %L', n.nspname, c.relname, x.description)
                       FROM pg_description x WHERE x.classoid = 'pg_class'::regclass AND x.objoid = c.oid) AS all_extras(place, statement)
              ORDER BY place, statement COLLATE "C") AS extras
  FROM pg_depend d
  JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequence s ON s.seqrelid = c.oid
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refobjid = ANY ($1::oid[])
 ORDER BY d.refobjid, a.attnum`;

/** Row-level security of the tables and of their partitions, each of which has its own. */
export const POLICIES = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table, p.polname::text AS name,
       p.polpermissive AS permissive,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
       ARRAY(SELECT CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END FROM unnest(p.polroles) role ORDER BY 1) AS roles,
       concat(p.polqual::text, p.polwithcheck::text) LIKE '%{SUBLINK %' AS subquery,
       EXISTS (SELECT FROM pg_proc fn
                WHERE fn.proname = 'current_setting' AND fn.pronamespace = 'pg_catalog'::regnamespace
                  AND concat(p.polqual::text, p.polwithcheck::text) LIKE '%:funcid ' || fn.oid || ' %') AS "readsSetting",
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS "withCheck"
  FROM family f
  JOIN pg_policy p ON p.polrelid = f.relation
  JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 ORDER BY f.oid, n.nspname COLLATE "C", c.relname COLLATE "C", p.polname COLLATE "C"`;

/** Publications of the tables and of their partitions, in whatever way they name them; those of Citus's own copies are left out. */
export const PUBLICATIONS = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, p.pubname AS name, pg_get_userbyid(p.pubowner)::text AS owner, pg_has_role(${ACTING_ROLE}, p.pubowner, 'USAGE') AS ours,
       bool_or(EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid IN (f.oid, f.relation))) AS named,
       p.pubtruncate AS truncates
  FROM family f
  JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_publication_tables t ON t.schemaname = n.nspname AND t.tablename = c.relname
  JOIN pg_publication p ON p.pubname = t.pubname AND p.pubname !~ '^citus_shard_'
 GROUP BY f.oid, p.oid, p.pubname, p.pubowner, p.pubtruncate
 ORDER BY f.oid, p.pubname COLLATE "C"`;

/** Subscriptions that bring rows into the tables and into their partitions. */
export const SUBSCRIPTIONS = `
WITH ${FAMILY}
SELECT DISTINCT f.oid::int8::float8 AS oid, s.subname::text AS name
  FROM family f JOIN pg_subscription_rel r ON r.srrelid = f.relation JOIN pg_subscription s ON s.oid = r.srsubid
 ORDER BY 1, 2`;

export const LOGICAL_SLOTS = `
SELECT slot_name::text AS name, plugin::text AS plugin, active
  FROM pg_replication_slots
 WHERE slot_type = 'logical' AND NOT temporary AND database = current_database() AND slot_name !~ '^citus_shard_'
 ORDER BY slot_name COLLATE "C"`;

/** CHECK and NOT NULL constraints NOT VALID of the tables and of their partitions, those that a partition inherits left out; parents come first. */
export const UNCHECKED_CHECKS = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table, con.conname::text AS name,
       CASE con.contype WHEN 'n' THEN (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = f.relation AND a.attnum = con.conkey[1]) END AS column,
       pg_get_constraintdef(con.oid) AS definition, obj_description(con.oid, 'pg_constraint') AS comment
  FROM family f
  JOIN pg_constraint con ON con.conrelid = f.relation AND con.contype IN ('c', 'n') AND NOT con.convalidated AND con.coninhcount = 0
  JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE con.conname NOT LIKE 'scaleout\\_not\\_null\\_%'
 ORDER BY f.oid, f.oid <> f.relation, n.nspname COLLATE "C", c.relname COLLATE "C", con.conname COLLATE "C"`;

/**
 * Statements that bring back what Citus leaves out when it makes a table or a partition of it anew, and nothing else carries: comments on
 * triggers, options of columns and of TOAST, a replica identity that is no index, NO INHERIT of a CHECK, the column of a sequence behind dropped columns (which Citus gives the
 * number that the column had before, and pg_dump crashes over), and the lack of what ALTER DEFAULT PRIVILEGES gives new tables. Citus takes no options of columns to the shards; what they are for is planned on the coordinator.
 */
export const EXTRAS = `
WITH ${FAMILY}, extras(oid, place, statement) AS (
  SELECT f.oid, 1, format('COMMENT ON TRIGGER %I ON %I.%I IS %L', t.tgname, n.nspname, c.relname, d.description)
    FROM family f
    JOIN pg_trigger t ON t.tgrelid = f.relation AND NOT t.tgisinternal
    JOIN pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = t.oid
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT f.oid, 1, format('ALTER TABLE %I.%I SET (%s)', n.nspname, c.relname,
                          (SELECT string_agg(format('toast.%I = %L', option_name, option_value), ', ' ORDER BY option_name COLLATE "C")
                             FROM pg_options_to_table(t.reloptions)))
    FROM family f
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = c.reltoastrelid AND cardinality(t.reloptions) > 0
  UNION ALL
  SELECT f.oid, place, format('ALTER TABLE %I.%I %s CONSTRAINT %I%s', n.nspname, c.relname, verb, con.conname,
                              CASE verb WHEN 'ADD' THEN ' ' || pg_get_constraintdef(con.oid) END)
    FROM family f
    JOIN pg_constraint con ON con.conrelid = f.relation AND con.contype = 'c' AND con.connoinherit AND con.convalidated
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN (VALUES (0, 'DROP'), (1, 'ADD')) AS again(place, verb)
  UNION ALL
  SELECT f.oid, 1, format('ALTER TABLE %I.%I REPLICA IDENTITY %s', n.nspname, c.relname, CASE c.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
    FROM family f
    JOIN pg_class c ON c.oid = f.relation AND c.relreplident IN ('f', 'n') JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT f.oid, 1, format('REVOKE %s ON TABLE %I.%I FROM %s', more.privilege_type, n.nspname, c.relname, more.role)
    FROM family f
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL ${privilegesOnTop('c', 'r')} AS more
  UNION ALL
  SELECT f.oid, 3, format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', sn.nspname, s.relname, n.nspname, c.relname, a.attname)
    FROM family f
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relation AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
    JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = d.refobjsubid
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE EXISTS (SELECT FROM pg_attribute gone WHERE gone.attrelid = f.relation AND gone.attisdropped AND gone.attnum < a.attnum)
  UNION ALL
  SELECT f.oid, 3, format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET (%s)', n.nspname, c.relname, a.attname,
                          (SELECT string_agg(format('%I = %L', option_name, option_value), ', ' ORDER BY option_name COLLATE "C")
                             FROM pg_options_to_table(a.attoptions) WHERE option_name LIKE 'n_distinct%'))
    FROM family f
    JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum > 0 AND NOT a.attisdropped
     AND EXISTS (SELECT FROM pg_options_to_table(a.attoptions) WHERE option_name LIKE 'n_distinct%')
    JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
)
SELECT oid::int8::float8 AS oid, statement
  FROM (SELECT oid, place, statement FROM extras
        UNION
        SELECT oid, place + shift, 'SET LOCAL citus.enable_ddl_propagation TO ' || setting
          FROM extras CROSS JOIN (VALUES (-1, 'off'), (1, 'on')) AS around(shift, setting) WHERE place = 3) AS all_extras
 ORDER BY oid, place, statement COLLATE "C"`;

/**
 * NOT NULL constraints, which have names from PostgreSQL 18 on, of the tables and of their partitions; what a partition inherits is its
 * table's. What partitions inherit nobody can rename once the names differ, and Citus makes each anew under a name of its own.
 */
export const NOT_NULLS = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table, a.attname::text AS column,
       con.conname::text AS name, con.connoinherit AS "noInherit", c.relkind = 'p' AND NOT con.connoinherit AS inherited,
       obj_description(con.oid, 'pg_constraint') IS NOT NULL AS commented
  FROM family f
  JOIN pg_constraint con ON con.conrelid = f.relation AND con.contype = 'n' AND con.convalidated AND con.coninhcount = 0
  JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = con.conkey[1]
 ORDER BY f.oid, n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`;

/** The index by which a table, or a partition of it, is clustered. */
export const CLUSTERED = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table, ic.relname AS index
  FROM family f JOIN pg_index i ON i.indrelid = f.relation AND i.indisclustered
  JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 ORDER BY f.oid, n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Tables and partitions of which the owner is bound by policies, or was until a run took FORCE off. */
export function forced(recorded: boolean): string {
  return `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, json_build_object('schema', n.nspname, 'name', c.relname) AS table,
       CASE WHEN c.relforcerowsecurity THEN 'on' ELSE 'lifted' END AS state
  FROM family f JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE ${isForced('c', recorded)}
 ORDER BY f.oid, n.nspname COLLATE "C", c.relname COLLATE "C"`;
}

/** Sequences of the tables' defaults that serve a column of another type than theirs, in these tables or in any other. */
export function defaultSequences(citus: boolean): string {
  const known = citus ? isCitusTable('d.adrelid') : 'false';
  return `
WITH uses AS (
  SELECT DISTINCT s.oid AS sequence, d.adrelid, d.adnum, ${known} AS known
    FROM pg_attrdef d
    JOIN pg_depend on_sequence ON on_sequence.classid = 'pg_attrdef'::regclass AND on_sequence.objid = d.oid
                              AND on_sequence.refclassid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = on_sequence.refobjid AND s.relkind = 'S'
)
SELECT json_build_object('schema', sn.nspname, 'name', s.relname) AS sequence,
       format_type(q.seqtypid, NULL) AS type, q.seqmin::text AS min, q.seqmax::text AS max,
       CASE WHEN has_sequence_privilege(s.oid, 'SELECT, USAGE') THEN pg_sequence_last_value(s.oid) END::text AS last,
       json_agg(json_build_object('table', json_build_object('schema', n.nspname, 'name', c.relname), 'column', a.attname,
                                  'type', format_type(a.atttypid, NULL), 'known', uses.known)
                ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum) AS uses
  FROM uses
  JOIN pg_class s ON s.oid = uses.sequence JOIN pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_class c ON c.oid = uses.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = uses.adrelid AND a.attnum = uses.adnum
  JOIN pg_sequence q ON q.seqrelid = s.oid
 GROUP BY sn.nspname, s.relname, s.oid, q.seqtypid, q.seqmin, q.seqmax
HAVING bool_or(a.atttypid <> q.seqtypid) AND bool_or(uses.adrelid = ANY ($1::oid[]))
 ORDER BY sn.nspname COLLATE "C", s.relname COLLATE "C"`;
}

/** Comments on the tables, on their partitions and on all that belongs to any of them; `relation` is what they belong to. */
export const COMMENTS = `
WITH ${FAMILY}
SELECT f.oid::int8::float8 AS oid, f.oid <> f.relation AS "ofPartition",
       json_build_object('schema', rn.nspname, 'name', r.relname) AS relation, all_comments.on, all_comments.schema, all_comments.name,
       all_comments.text
  FROM family f
  JOIN pg_class r ON r.oid = f.relation JOIN pg_namespace rn ON rn.oid = r.relnamespace,
       LATERAL (
  SELECT CASE WHEN d.objsubid = 0 THEN 'table' ELSE 'column' END AS on, rn.nspname AS schema, coalesce(a.attname, '') AS name, d.description AS text
    FROM pg_description d
    LEFT JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = d.objsubid AND d.objsubid <> 0
   WHERE d.classoid = 'pg_class'::regclass AND d.objoid = f.relation
  UNION ALL
  SELECT 'constraint', n.nspname, con.conname, d.description
    FROM pg_constraint con JOIN pg_namespace n ON n.oid = con.connamespace
    JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = con.oid
   WHERE con.conrelid = f.relation AND NOT (con.contype = 'n' AND (r.relkind = 'p' AND NOT con.connoinherit OR con.coninhcount > 0))
  UNION ALL
  SELECT 'index', n.nspname, c.relname, d.description
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
   WHERE i.indrelid = f.relation
  UNION ALL
  SELECT 'statistics', n.nspname, s.stxname, d.description
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    JOIN pg_description d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid
   WHERE s.stxrelid = f.relation
  UNION ALL
  SELECT 'policy', rn.nspname, p.polname, d.description
    FROM pg_policy p JOIN pg_description d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid
   WHERE p.polrelid = f.relation
) all_comments
 ORDER BY f.oid, rn.nspname COLLATE "C", r.relname COLLATE "C", all_comments.on, all_comments.name COLLATE "C"`;

export const OWN_CHECKS = `
SELECT conrelid::int8::float8 AS oid, conname::text AS name, convalidated AS validated
  FROM pg_constraint
 WHERE conrelid = ANY ($1::oid[]) AND contype = 'c' AND conname LIKE 'scaleout\\_not\\_null\\_%'
 ORDER BY conname COLLATE "C"`;

/** Schemas by name, `$1::text[]`. Shards are relations of their tables' schema and owner, and are left out. */
export function schemas(citus: boolean, knowsSchemas: boolean): string {
  const noShard = (relation: string): string =>
    citus ? `AND NOT relation_is_a_known_shard(${relation}.oid)` : '';
  const name = (relation: string, schema: string): string =>
    `json_build_object('schema', ${schema}.nspname, 'name', ${relation}.relname)`;
  return `
SELECT n.nspname AS schema, pg_get_userbyid(n.nspowner)::text AS owner, pg_has_role(${ACTING_ROLE}, n.nspowner, 'USAGE') AS ours,
       ${knowsSchemas ? schemaColocationId('n.oid') : 'NULL::int'} AS "colocationId",
       ARRAY(SELECT e.extname::text FROM pg_extension e
              WHERE e.extnamespace = n.oid
                 OR EXISTS (SELECT FROM pg_depend d LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
                             WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                               AND (c.relnamespace = n.oid OR d.classid = 'pg_namespace'::regclass AND d.objid = n.oid))
              ORDER BY e.extname COLLATE "C") AS extensions,
       (SELECT coalesce(json_agg(json_build_object('table', ${name('c', 'n')}, 'owner', pg_get_userbyid(c.relowner))
                                 ORDER BY c.relname COLLATE "C"), '[]')
          FROM pg_class c
         WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'f') AND NOT pg_has_role(${ACTING_ROLE}, c.relowner, 'USAGE')
               ${noShard('c')}) AS "othersTables",
       (SELECT coalesce(json_agg(json_build_object('partition', ${name('c', 'cn')}, 'parent', ${name('p', 'pn')})
                                 ORDER BY cn.nspname COLLATE "C", c.relname COLLATE "C"), '[]')
          FROM pg_inherits i
          JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition JOIN pg_namespace cn ON cn.oid = c.relnamespace
          JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
         WHERE cn.oid <> pn.oid AND n.oid IN (cn.oid, pn.oid) AND c.relkind IN ('r', 'p', 'f')
               ${noShard('c')}) AS "strayPartitions"
  FROM pg_namespace n
 WHERE n.nspname = ANY ($1::text[])
 ORDER BY n.nspname COLLATE "C"`;
}

/** Schemas that can be somebody's, beside those of `$1::text[]`. */
export const OTHER_SCHEMAS = `
SELECT nspname AS schema
  FROM pg_namespace
 WHERE nspname !~ '^pg_' AND nspname <> ALL ($1::text[])
   AND nspname NOT IN ('information_schema', 'public', 'citus', 'citus_internal', 'columnar', 'columnar_internal', 'scaleout')
 ORDER BY nspname COLLATE "C"`;

export const OWN_SCHEMA = `
SELECT to_regnamespace('scaleout') IS NOT NULL AS exists,
       to_regclass('scaleout.dropped_foreign_key') IS NOT NULL AS "recordTable",
       to_regclass('scaleout.recorded_comment') IS NOT NULL AS "commentTable",
       (SELECT count(*) FROM pg_class
         WHERE relnamespace = to_regnamespace('scaleout')
           AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
           AND oid IS DISTINCT FROM to_regclass('scaleout.dropped_foreign_key')
           AND oid IS DISTINCT FROM to_regclass('scaleout.recorded_comment'))::int
       + (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('scaleout'))::int AS others`;

/** Recorded comments, and whether what each was on is there without one. */
export const RECORDED_COMMENTS = `
WITH recorded AS (
  SELECT r.*, to_regclass(format('%I.%I', r.table_schema, r.table_name))::oid AS relation FROM scaleout.recorded_comment r
), subjects AS (
  SELECT r.*, CASE subject
           WHEN 'table' THEN (SELECT coalesce(obj_description(c.oid, 'pg_class'), '') FROM pg_class c WHERE c.oid = relation)
           WHEN 'column' THEN (SELECT coalesce(col_description(relation, a.attnum), '') FROM pg_attribute a
                                WHERE a.attrelid = relation AND a.attname = subject_name AND NOT a.attisdropped)
           WHEN 'constraint' THEN (SELECT coalesce(obj_description(con.oid, 'pg_constraint'), '') FROM pg_constraint con
                                    WHERE con.conrelid = relation AND con.conname = subject_name)
           WHEN 'index' THEN (SELECT coalesce(obj_description(i.indexrelid, 'pg_class'), '') FROM pg_index i
                                JOIN pg_class c ON c.oid = i.indexrelid
                               WHERE i.indrelid = relation AND c.relname = subject_name)
           WHEN 'policy' THEN (SELECT coalesce(obj_description(p.oid, 'pg_policy'), '') FROM pg_policy p
                                WHERE p.polrelid = relation AND p.polname = subject_name)
           ELSE (SELECT coalesce(obj_description(s.oid, 'pg_statistic_ext'), '') FROM pg_statistic_ext s
                  WHERE s.stxrelid = relation AND s.stxname = subject_name)
         END AS now
    FROM recorded r
)
SELECT json_build_object('schema', table_schema, 'name', table_name) AS table,
       json_build_object('on', subject, 'schema', subject_schema, 'name', subject_name, 'text', comment) AS comment,
       (SELECT json_build_object('schema', n.nspname, 'name', c.relname)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = pg_partition_root(relation) AND c.oid <> relation) AS "partOf",
       coalesce(now = '', false) AS missing
  FROM subjects
 ORDER BY table_schema COLLATE "C", table_name COLLATE "C", subject, subject_name COLLATE "C"`;

export const DROPPED_FOREIGN_KEYS = `
SELECT table_schema AS schema, table_name AS table, constraint_name AS name, foreign_key AS "foreignKey"
  FROM scaleout.dropped_foreign_key
 ORDER BY table_schema COLLATE "C", table_name COLLATE "C", constraint_name COLLATE "C"`;

/** Event triggers that fire in sessions like this one, without those of extensions. */
export const EVENT_TRIGGERS = `
SELECT evtname::text AS name
  FROM pg_event_trigger
 WHERE evtenabled IN ('O', 'A') AND evtevent <> 'login'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = pg_event_trigger.oid AND d.deptype = 'e')
 ORDER BY 1`;
