/**
 * Columns whose values name what only one server knows by that number, however deep in arrays, domains, composite types and ranges:
 * object identifier types (`regclass` and its like, `aclitem`), `oid` where the database holds large objects, and enums. One row a
 * column, in the table's order. Tables: `$1::oid[]`.
 */
export const SERVER_BOUND = `
WITH RECURSIVE parts(type, part) AS (
  SELECT DISTINCT a.atttypid, a.atttypid FROM pg_attribute a
   WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT p.type, x.part
    FROM parts p JOIN pg_type t ON t.oid = p.part
   CROSS JOIN LATERAL (SELECT t.typbasetype WHERE t.typtype = 'd'
                       UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
                       UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
                       UNION ALL SELECT c.atttypid FROM pg_attribute c
                                  WHERE t.typtype = 'c' AND c.attrelid = t.typrelid AND c.attnum > 0 AND NOT c.attisdropped) x(part)
   WHERE x.part <> 0
)
SELECT a.attrelid::int8::float8 AS oid, a.attname::text AS column, format_type(a.atttypid, NULL) AS type,
       CASE WHEN bool_or(p.part = 'oid'::regtype) THEN 'large objects' WHEN bool_and(t.typtype = 'e') THEN 'labels' ELSE 'objects' END AS "names"
  FROM pg_attribute a JOIN parts p ON p.type = a.atttypid JOIN pg_type t ON t.oid = p.part
 WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
   AND (t.typtype = 'e'
        OR p.part IN ('regclass'::regtype, 'regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype, 'regtype'::regtype,
                   'regconfig'::regtype, 'regdictionary'::regtype, 'regnamespace'::regtype, 'regrole'::regtype, 'regcollation'::regtype, 'aclitem'::regtype)
        OR p.part = 'oid'::regtype AND EXISTS (SELECT FROM pg_largeobject_metadata))
 GROUP BY a.attrelid, a.attnum, a.attname, a.atttypid
 ORDER BY a.attrelid, a.attnum`;
