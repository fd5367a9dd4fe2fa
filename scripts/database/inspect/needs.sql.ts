import { READING } from './family.sql';

/**
 * What keeps a table out of Citus behind its back. Citus creates on every node what the table's columns, constraints, defaults, indexes,
 * policies and views rest on, functions and types, and what these rest on in turn. Where that leads to a table, through a body in
 * standard SQL or a row type, Citus has to know it first; where it leads back, nothing can come first. Ranges, base types and operators it
 * creates nowhere. Tables: as walked.
 */
export const NEEDS = `
WITH RECURSIVE ${READING}, parts(oid, class, object, of_class, of) AS (
  SELECT oid, 'pg_class'::regclass::oid, relation, 'pg_class'::regclass::oid, relation FROM family
  UNION ALL
  SELECT f.oid, 'pg_class'::regclass, i.indexrelid, 'pg_class'::regclass, i.indexrelid FROM family f JOIN pg_index i ON i.indrelid = f.relation
  UNION ALL
  SELECT f.oid, 'pg_constraint'::regclass, c.oid, 'pg_constraint'::regclass, c.oid FROM family f JOIN pg_constraint c ON c.conrelid = f.relation
  UNION ALL
  SELECT f.oid, 'pg_attrdef'::regclass, a.oid, 'pg_attrdef'::regclass, a.oid FROM family f JOIN pg_attrdef a ON a.adrelid = f.relation
  UNION ALL
  SELECT f.oid, 'pg_policy'::regclass, p.oid, 'pg_policy'::regclass, p.oid FROM family f JOIN pg_policy p ON p.polrelid = f.relation
  UNION ALL
  SELECT v.oid, 'pg_rewrite'::regclass, r.oid, 'pg_class'::regclass, v.relation
    FROM reading v JOIN pg_rewrite r ON r.ev_class = v.relation JOIN pg_class c ON c.oid = v.relation AND c.relkind IN ('v', 'm')
), walk(oid, of_class, of, by_class, by, class, object) AS (
  SELECT p.oid, p.of_class, p.of, d.refclassid, d.refobjid, d.refclassid, d.refobjid
    FROM parts p JOIN pg_depend d ON d.classid = p.class AND d.objid = p.object
   WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
     -- That a view says an operator or the row type of a table does no harm.
     AND NOT (p.class = 'pg_rewrite'::regclass
              AND (d.refclassid = 'pg_operator'::regclass
                   OR EXISTS (SELECT FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c'
                               WHERE d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid)))
  UNION
  SELECT w.oid, w.of_class, w.of, w.by_class, w.by, next.class, next.object
    FROM walk w
    LEFT JOIN pg_class c ON w.class = 'pg_class'::regclass AND c.oid = w.object
    LEFT JOIN pg_rewrite r ON c.relkind IN ('v', 'm') AND r.ev_class = w.object
    CROSS JOIN LATERAL (
      SELECT d.refclassid, d.refobjid
        FROM pg_depend d
       WHERE d.classid = CASE WHEN r.oid IS NULL THEN w.class ELSE 'pg_rewrite'::regclass END AND d.objid = coalesce(r.oid, w.object)
         AND d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_class'::regclass)
      UNION ALL
      -- A composite type stands on its own, and its columns on a relation behind it.
      SELECT 'pg_class'::regclass, t.typrelid FROM pg_type t WHERE w.class = 'pg_type'::regclass AND t.oid = w.object AND t.typrelid <> 0
    ) AS next(class, object)
   WHERE c.oid IS NULL OR c.relkind IN ('c', 'v', 'm')
)
SELECT w.oid::int8::float8 AS oid, pg_describe_object(w.of_class, w.of, 0) AS of, pg_describe_object(w.by_class, w.by, 0) AS by,
       CASE WHEN c.oid IS NOT NULL THEN json_build_object('schema', n.nspname, 'name', c.relname)::jsonb END AS table
  FROM walk w
  LEFT JOIN pg_class c ON w.class = 'pg_class'::regclass AND c.oid = w.object
  LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_type t ON w.class = 'pg_type'::regclass AND t.oid = w.object
 WHERE w.object >= 16384
   AND (c.relkind IN ('r', 'p') OR t.typtype = 'r' OR (t.typtype = 'b' AND t.typcategory <> 'A') OR w.class = 'pg_operator'::regclass)
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = w.class AND e.objid = w.object AND e.deptype = 'e')
UNION
-- Citus qualifies a whole row in a constraint with a table that the shard is not.
SELECT f.oid::int8::float8, pg_describe_object('pg_constraint'::regclass, k.oid, 0), 'the whole row',
       json_build_object('schema', n.nspname, 'name', c.relname)::jsonb
  FROM family f JOIN pg_constraint k ON k.conrelid = f.relation AND k.conbin ~ '\\{VAR :varno 1 :varattno 0 '
  JOIN pg_class c ON c.oid = f.relation JOIN pg_namespace n ON n.oid = c.relnamespace
 ORDER BY 1, 2, 3, 4`;
