import type { Distribution } from '../../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { named } from './catalog';
import { query } from './sensors';

/** Two tenants, each with a schema of its own and the same tables in it; the second needs quoting, quotes and all. */
export const TENANTS = ['tenant_1', 'Tenant "Two"'] as const;

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function tenant(name: string, rows: number): string {
  const schema = identifier(name);
  return `
CREATE SCHEMA ${schema};
CREATE TABLE ${schema}."Users" (id int PRIMARY KEY, kind_id int REFERENCES public.kinds, manager int REFERENCES ${schema}."Users", note text DEFAULT 'x');
CREATE TABLE ${schema}.orders (id bigserial PRIMARY KEY, user_id int NOT NULL, amount numeric(10,2),
  CONSTRAINT whose FOREIGN KEY (user_id) REFERENCES ${schema}."Users" ON DELETE CASCADE);
CREATE TABLE ${schema}.log (at timestamptz NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE ${schema}.log_2026 PARTITION OF ${schema}.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE ${schema}.log_later PARTITION OF ${schema}.log FOR VALUES FROM ('2027-01-01') TO (MAXVALUE);
CREATE TABLE ${schema}.settings (name text PRIMARY KEY, value jsonb);
CREATE INDEX by_amount ON ${schema}.orders (amount) WITH (fillfactor = 70);
CREATE VIEW ${schema}.totals AS SELECT user_id, sum(amount) AS total FROM ${schema}.orders GROUP BY 1;
GRANT SELECT ON ${schema}.settings TO PUBLIC;
COMMENT ON TABLE ${schema}.orders IS 'all of them';
COMMENT ON COLUMN ${schema}.orders.amount IS 'euros';
COMMENT ON INDEX ${schema}.by_amount IS 'fast';
COMMENT ON CONSTRAINT orders_pkey ON ${schema}.orders IS 'the key';
COMMENT ON CONSTRAINT whose ON ${schema}.orders IS 'whose';
COMMENT ON TABLE ${schema}.settings IS 'of the tenant';
INSERT INTO ${schema}."Users" SELECT i, 1 + i % 2, nullif(i / 2, 0), 'user ' || i FROM generate_series(1, 50) i;
INSERT INTO ${schema}.orders (user_id, amount) SELECT 1 + i % 50, i / 3.0 FROM generate_series(1, ${String(rows)}) i;
INSERT INTO ${schema}.log SELECT timestamptz '2026-01-01Z' + i * interval '2 days', i::text FROM generate_series(1, 300) i;
INSERT INTO ${schema}.settings VALUES ('colour', '"blue"');`;
}

export async function createTenants(target: ConnectionTarget, rows = 500): Promise<void> {
  await query(
    target,
    `SET client_min_messages TO error;
     CREATE TABLE public.kinds (kind_id int PRIMARY KEY, name text);
     INSERT INTO public.kinds VALUES (1, 'a'), (2, 'b');
     ${TENANTS.map((name) => tenant(name, rows)).join('\n')}
     ANALYZE`,
  );
}

/** The tenants distributed as wholes, or back on the coordinator. */
export function tenantsDistribution(kind: 'distributed' | 'local'): Distribution {
  return {
    shardCount: 4,
    online: true,
    tables: [{ kind: kind === 'local' ? 'local' : 'reference', table: named('kinds') }],
    schemas: TENANTS.map((schema) => ({ kind, schema })),
  };
}

/** What no way there or back may lose, table by table. */
export async function keptOf(
  target: ConnectionTarget,
  schemas: readonly string[] = TENANTS,
): Promise<{ readonly nspname: string; readonly relname: string }[]> {
  return query(target, KEPT, [schemas]);
}

const KEPT = `
WITH mine AS (
  SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT relation_is_a_known_shard(c.oid)
)
SELECT nspname, relname, obj_description(m.oid, 'pg_class') AS comment, (SELECT relacl::text FROM pg_class WHERE oid = m.oid) AS grants,
       (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull, col_description(m.oid, attnum)) ORDER BY attnum)
          FROM pg_attribute WHERE attrelid = m.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       (SELECT json_agg(json_build_array(conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')) ORDER BY conname)
          FROM pg_constraint WHERE conrelid = m.oid AND contype <> 'n') AS constraints,
       (SELECT json_agg(json_build_array(pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class')) ORDER BY indexrelid::regclass::text COLLATE "C")
          FROM pg_index WHERE indrelid = m.oid) AS indexes
  FROM mine m
 ORDER BY nspname COLLATE "C", relname COLLATE "C"`;
