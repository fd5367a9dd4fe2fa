import { READING } from './family.sql';

/**
 * Functions in SQL and PL/pgSQL that policies and views of the tables call, themselves or through functions that PostgreSQL knows of; one
 * row for each policy or view and function. Tables: as walked.
 */
export const CALLED_FUNCTIONS = `
WITH RECURSIVE ${READING}, callers(relation, policy, class, object) AS (
  SELECT p.polrelid, p.polname::text, 'pg_policy'::regclass::oid, p.oid FROM family f JOIN pg_policy p ON p.polrelid = f.relation
  UNION ALL
  SELECT v.relation, NULL, 'pg_rewrite'::regclass, r.oid
    FROM reading v JOIN pg_rewrite r ON r.ev_class = v.relation JOIN pg_class c ON c.oid = v.relation AND c.relkind IN ('v', 'm')
), called(relation, policy, function) AS (
  SELECT c.relation, c.policy, d.refobjid
    FROM callers c JOIN pg_depend d ON d.classid = c.class AND d.objid = c.object AND d.refclassid = 'pg_proc'::regclass
  UNION
  SELECT c.relation, c.policy, d.refobjid
    FROM called c JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = c.function AND d.refclassid = 'pg_proc'::regclass
)
SELECT json_build_object('schema', n.nspname, 'name', c.relname) AS relation, called.policy,
       pg_describe_object('pg_proc'::regclass, p.oid, 0) AS function, l.lanname::text AS language, p.prosrc AS body,
       pg_get_functiondef(p.oid) AS definition
  FROM called
  JOIN pg_class c ON c.oid = called.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_proc p ON p.oid = called.function AND p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w')
  JOIN pg_language l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')
 WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
 ORDER BY 1::text, 2, 3`;

/** Relations of users by names as texts say them, the schema empty where it is left out: `$1::text[]`, `$2::text[]`. */
export const RELATIONS_NAMED = `
SELECT wanted.schema AS "saidSchema", n.nspname::text AS schema, c.relname::text AS name
  FROM unnest($1::text[], $2::text[]) AS wanted(schema, name)
  JOIN pg_class c ON c.relname = wanted.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_namespace n ON n.oid = c.relnamespace AND (wanted.schema = '' OR n.nspname = wanted.schema)
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;
