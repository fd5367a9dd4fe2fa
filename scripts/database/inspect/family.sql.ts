/** A table and all its partitions, by the table's oid. Tables: `$1::oid[]`. */
export const WALK_PARTITIONS = `family(oid, relation) AS (
  SELECT oid, oid FROM unnest($1::oid[]) AS oid
  UNION
  SELECT f.oid, c.oid
    FROM family f JOIN pg_inherits i ON i.inhparent = f.relation JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
)`;

/**
 * Tables with their partitions, and the views over any of them, at any remove; one row each by the table's oid. A look walks once, and its
 * other queries take what it found. Tables: `$1::oid[]`.
 */
export const WALK = `
WITH RECURSIVE ${WALK_PARTITIONS}, reading(oid, relation) AS (
  SELECT oid, relation FROM family
  UNION
  SELECT reading.oid, r.ev_class
    FROM reading
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reading.relation AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
)
SELECT oid::int8::float8 AS oid, relation::int8::float8 AS relation, (oid, relation) NOT IN (SELECT oid, relation FROM family) AS "isView"
  FROM reading`;

/** A row of {@link WALK}. */
export interface Walked {
  readonly oid: number;
  readonly relation: number;
  readonly isView: boolean;
}

/** The tables and partitions that were walked. Values: {@link walkedValues}. */
export const FAMILY = `family(oid, relation) AS (
  SELECT oid, relation FROM unnest($1::oid[], $2::oid[], $3::bool[]) AS walked(oid, relation, is_view) WHERE NOT is_view
)`;

/** The same, and the views over any of them. */
export const READING = `${FAMILY}, reading(oid, relation) AS (SELECT oid, relation FROM unnest($1::oid[], $2::oid[]) AS walked(oid, relation))`;

/** What queries with {@link FAMILY} or {@link READING} take. */
export function walkedValues(rows: readonly Walked[]): unknown[] {
  return [rows.map(({ oid }) => oid), rows.map(({ relation }) => relation), rows.map(({ isView }) => isView)];
}
