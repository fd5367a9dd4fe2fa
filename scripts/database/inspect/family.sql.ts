/** A table and all its partitions, by the table's oid. Tables: `$1::oid[]`. */
export const FAMILY = `family(oid, relation) AS (
  SELECT oid, oid FROM unnest($1::oid[]) AS oid
  UNION
  SELECT f.oid, c.oid
    FROM family f JOIN pg_inherits i ON i.inhparent = f.relation JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
)`;

/** The same, and the views over any of them, at any remove. */
export const READING = `${FAMILY}, reading(oid, relation) AS (
  SELECT oid, relation FROM family
  UNION
  SELECT reading.oid, r.ev_class
    FROM reading
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reading.relation AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
)`;
