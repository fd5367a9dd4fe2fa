import { bound } from '../inspect/sequence-bounds.sql';
/**
 * Sequences of the tables and of their partitions: of identity columns, owned by a column, or used by a default. A partition's
 * default is its parent's, so a sequence counts once for a table and column. Smallest and largest value are those that the
 * column's type leaves: Citus gives a sequence the type of its column. Tables: `$1::oid[]`.
 */
export const SEQUENCES = `
WITH RECURSIVE family(root, relation) AS (
  SELECT oid, oid FROM unnest($1::oid[]) AS oid
  UNION
  SELECT f.root, i.inhrelid FROM family f JOIN pg_inherits i ON i.inhparent = f.relation JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
), uses(root, relation, attnum, sequence, how) AS (
  SELECT f.root, f.relation, d.refobjsubid, d.objid, CASE d.deptype WHEN 'i' THEN 'identity' ELSE 'owned' END
    FROM family f
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relation AND d.classid = 'pg_class'::regclass
                    AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  UNION ALL
  SELECT f.root, f.relation, x.adnum, d.refobjid, 'used'
    FROM family f
    JOIN pg_attrdef x ON x.adrelid = f.relation
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = x.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
), once AS (
  SELECT DISTINCT ON (u.root, a.attname, u.sequence) u.root, u.relation, a.attname, a.atttypid, u.sequence, u.how
    FROM uses u JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.attnum
   ORDER BY u.root, a.attname, u.sequence, u.relation <> u.root, CASE u.how WHEN 'identity' THEN 0 WHEN 'owned' THEN 1 ELSE 2 END
)
SELECT o.root::int8::float8 AS root, json_build_object('schema', tn.nspname, 'name', t.relname) AS table, o.attname AS column,
       json_build_object('schema', sn.nspname, 'name', s.relname) AS sequence, o.how,
       q.seqincrement::text AS increment, q.seqcycle AS cycle, CASE WHEN q.seqincrement < 0 THEN q.seqmin ELSE q.seqmax END::text AS last,
       has_schema_privilege(sn.oid, 'USAGE') AND has_sequence_privilege(s.oid, 'SELECT') AS readable,
       concat_ws(' ', o.how, 'starts with', q.seqstart, 'by', q.seqincrement, 'cache', q.seqcache, 'cycle', q.seqcycle,
                 ${bound('q.seqmin')}, ${bound('q.seqmax')}) AS settings,
       pg_get_userbyid(s.relowner)::text AS owner,
       (SELECT string_agg(format('%s %s %s', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, g.privilege_type, g.is_grantable),
                          ', ' ORDER BY g.grantee, g.privilege_type, g.is_grantable)
          FROM aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) g) AS grants,
       obj_description(s.oid, 'pg_class') AS comment
  FROM once o
  JOIN pg_class t ON t.oid = o.relation JOIN pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_class s ON s.oid = o.sequence JOIN pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_sequence q ON q.seqrelid = o.sequence
 ORDER BY tn.nspname COLLATE "C", t.relname COLLATE "C", o.attname COLLATE "C", sn.nspname COLLATE "C", s.relname COLLATE "C"`;
