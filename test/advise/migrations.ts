import { readFileSync } from 'node:fs';
import { loadSqlParser } from '../../config/workload/sql-parser';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';

/** Orders of tenants, as applications have them: the tenant is in the first tables alone, and names are odd. */
export const SCHEMA = `
CREATE TABLE tenants (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Orders" (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, note text);
CREATE TABLE lines (id bigint PRIMARY KEY, "order" bigint NOT NULL REFERENCES "Orders" ON DELETE CASCADE ON UPDATE CASCADE, sku text);
CREATE TABLE refunds (id bigint PRIMARY KEY, line_id bigint NOT NULL REFERENCES lines, amount int);
CREATE TABLE members (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, name text);
CREATE TABLE visits (id bigint PRIMARY KEY, tenant_id bigint NOT NULL REFERENCES tenants, member_id bigint REFERENCES members ON DELETE SET NULL);
CREATE TABLE shipments (id bigint NOT NULL, order_id bigint NOT NULL REFERENCES "Orders", sent date NOT NULL, PRIMARY KEY (id, sent)) PARTITION BY RANGE (sent);
CREATE TABLE shipments_2025 PARTITION OF shipments FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shipments_2026 PARTITION OF shipments FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO tenants SELECT i, 'tenant ' || i FROM generate_series(1, 500) i;
INSERT INTO "Orders" SELECT i, 1 + i % 500, repeat('n', 50) FROM generate_series(1, 4000) i;
INSERT INTO lines SELECT i, 1 + i % 4000, 'sku' FROM generate_series(1, 20000) i;
INSERT INTO refunds SELECT i, 1 + i % 20000, i FROM generate_series(1, 3000) i;
INSERT INTO members SELECT i, 1 + i % 500, 'm' FROM generate_series(1, 2000) i;
INSERT INTO visits SELECT i, 1 + i % 500, CASE WHEN i % 3 = 0 THEN NULL ELSE (i % 500) + 1 + 500 * (i % 4) - CASE WHEN (i % 500) + 500 * (i % 4) = 0 THEN 0 ELSE 1 END END FROM generate_series(1, 6000) i;
INSERT INTO shipments SELECT i, 1 + i % 4000, date '2025-06-01' + i % 400 FROM generate_series(1, 5000) i;
UPDATE visits v SET tenant_id = m.tenant_id FROM members m WHERE m.id = v.member_id;
`;

/** As psql does: one statement after another, each in its own transaction. @param most statements, as a run that is broken off */
export async function runMigrationFile(
  target: ConnectionTarget,
  file: string,
  most = Infinity,
): Promise<void> {
  const text = readFileSync(file, 'utf8');
  const { parse } = await loadSqlParser();
  // Offsets count bytes.
  const bytes = Buffer.from(text);
  const statements = (parse(text).stmts ?? []).map(({ stmt_location: from = 0, stmt_len }) =>
    bytes.subarray(from, stmt_len === undefined ? undefined : from + stmt_len).toString(),
  );
  await withClient(target, async (client) => {
    for (const sql of statements.slice(0, most)) await client.query(sql);
  });
}
