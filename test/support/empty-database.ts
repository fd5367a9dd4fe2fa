import type { Client } from 'pg';

/** What no extension brought, in schemas of users: each with the statement that drops it. What hangs on it goes along. */
const LEFT = `
WITH own AS (
  SELECT oid, nspname FROM pg_namespace n
   WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'citus', 'citus_internal', 'columnar', 'columnar_internal')
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
), dropping(place, class, oid, statement) AS (
  SELECT 0, 'pg_publication'::regclass, oid, format('DROP PUBLICATION %I', pubname) FROM pg_publication
  UNION ALL
  SELECT 1, 'pg_namespace'::regclass, oid, format('DROP SCHEMA %I CASCADE', nspname) FROM own WHERE nspname <> 'public'
  UNION ALL
  -- Sequences of columns go with their tables.
  SELECT CASE relkind WHEN 'S' THEN 3 ELSE 2 END, 'pg_class'::regclass, c.oid,
         format('DROP %s %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM pg_class c JOIN own ON own.oid = c.relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 4, 'pg_proc'::regclass, p.oid, format('DROP ROUTINE %s CASCADE', p.oid::regprocedure)
    FROM pg_proc p JOIN own ON own.oid = p.pronamespace WHERE nspname = 'public'
  UNION ALL
  SELECT 5, 'pg_type'::regclass, t.oid, format('DROP TYPE %s CASCADE', format_type(t.oid, NULL))
    FROM pg_type t JOIN own ON own.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE nspname = 'public' AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
)
SELECT statement FROM dropping o
 WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
 ORDER BY place, statement
 LIMIT 1`;

/** Drops everything that a test has made in a database, one after the other, as the login that made it. */
export async function emptyDatabase(client: Client): Promise<void> {
  await client.query('CALL citus_cleanup_orphaned_resources()');
  for (let last = ''; ;) {
    const [next] = (await client.query<{ statement: string }>(LEFT)).rows;
    if (next === undefined) return;
    if (next.statement === last) throw new Error(`${last} drops nothing`);
    await client.query(next.statement);
    last = next.statement;
  }
}
