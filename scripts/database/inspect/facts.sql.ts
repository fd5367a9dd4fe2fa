import { bound } from './sequence-bounds.sql';

/**
 * What a table is beside what a plan is computed from: everything that a review of the plan took for granted. One row a
 * fact: the table's oid, what the fact is about, and the definition that PostgreSQL gives of it. What a partition has from its table
 * is left out: Citus names it as it likes when it makes the partition anew. Tables: `$1::oid[]`.
 */
export const FACTS = `
SELECT c.oid::int8::float8 AS oid, 'storage' AS subject,
       concat_ws(' ', c.relpersistence, am.amname, c.reloptions::text, toast.reloptions::text) AS definition
  FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam
  LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
 WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT c.oid::int8::float8, 'tablespace', t.spcname::text
  FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT c.oid::int8::float8, 'row-level security', concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity)
  FROM pg_class c WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT c.oid::int8::float8, 'partitioning', pg_get_partkeydef(c.oid)
  FROM pg_class c WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'p'
UNION ALL
SELECT i.inhparent::int8::float8, CASE WHEN c.relispartition THEN 'partition ' ELSE 'child ' END || i.inhrelid::regclass::text, coalesce(pg_get_expr(c.relpartbound, c.oid), '')
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = ANY ($1::oid[])
UNION ALL
SELECT a.attrelid::int8::float8, 'column ' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 0)::regcollation::text, a.attidentity, a.attgenerated,
                 pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT i.indrelid::int8::float8, 'index ' || c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1::oid[]) AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
UNION ALL
SELECT con.conrelid::int8::float8, 'constraint ' || con.conname, pg_get_constraintdef(con.oid)
  FROM pg_constraint con
 WHERE con.conrelid = ANY ($1::oid[]) AND con.contype IN ('c', 'p', 'u', 'x') AND con.conparentid = 0
   AND NOT (con.coninhcount > 0 AND EXISTS (SELECT FROM pg_class c WHERE c.oid = con.conrelid AND c.relispartition))
UNION ALL
SELECT t.tgrelid::int8::float8, 'trigger ' || t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
  FROM pg_trigger t
 WHERE t.tgrelid = ANY ($1::oid[]) AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname !~ '^(citus_|truncate_trigger_)'
UNION ALL
SELECT p.polrelid::int8::float8, 'policy ' || p.polname,
       concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_policy p WHERE p.polrelid = ANY ($1::oid[])
UNION ALL
SELECT d.refobjid::int8::float8, 'sequence ' || d.objid::regclass::text,
       concat_ws(' ', s.seqincrement, ${bound('s.seqmin')}, ${bound('s.seqmax')}, s.seqcycle, a.attname)
  FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
   AND d.refobjid = ANY ($1::oid[])
UNION ALL
SELECT v.relation::int8::float8, 'view ' || v.view::regclass::text, pg_get_viewdef(v.view)
  FROM (SELECT DISTINCT d.refobjid AS relation, r.ev_class AS view
          FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid = ANY ($1::oid[]) AND r.ev_class <> d.refobjid) v
  JOIN pg_class c ON c.oid = v.view AND c.relkind IN ('v', 'm')
UNION ALL
SELECT r.ev_class::int8::float8, 'rule ' || r.rulename, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled)
  FROM pg_rewrite r WHERE r.ev_class = ANY ($1::oid[]) AND r.rulename <> '_RETURN'
UNION ALL
SELECT i.indrelid::int8::float8, 'clustering', c.relname
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY ($1::oid[]) AND i.indisclustered
UNION ALL
SELECT i.indrelid::int8::float8, 'settings of column ' || a.attnum || ' of index ' || c.relname, a.attstattarget::text
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attstattarget >= 0
 WHERE i.indrelid = ANY ($1::oid[])
UNION ALL
SELECT s.stxrelid::int8::float8, 'statistics ' || s.stxname, concat_ws(' ', pg_get_statisticsobjdef(s.oid), nullif(s.stxstattarget, -1))
  FROM pg_statistic_ext s WHERE s.stxrelid = ANY ($1::oid[])`;
