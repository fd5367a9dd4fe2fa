import { stringify } from 'yaml';
import type { Distribution, TableName } from '../../config/workload/distribution-types';
import { loadWorkload } from '../../config/workload/workload';
import { loadData } from '../../scripts/local/journey/load';
import { generateData } from '../../scripts/local/workloads';
import { createWholeSchema, wholeDistribution } from '../../scripts/bench/whole-schema';
import type { Story } from './subject';

/** Few, so that a trial takes seconds; the machinery is that of many. */
const SHARDS = 6;

/** What is tried where nobody asks for others: all of what can be lost, in one schema. */
export const USUAL_STORY = 'everything';

/** @throws where there is no story, and no workload, of that name */
export async function storyOf(name: string): Promise<Story> {
  return [everything, sideways, tenants].find((story) => story.name === name) ?? (await workloadStory(name));
}

/** A workload, from one node to its distribution. */
async function workloadStory(name: string): Promise<Story> {
  const { schemaSql, distribution } = await loadWorkload(name);
  const rewritten = distribution.tables.flatMap((table) =>
    table.kind === 'distributed' && table.primaryKey !== undefined ? [table.table.name] : [],
  );
  return {
    name,
    specification: specification({ ...distribution, shardCount: SHARDS }),
    tables: distribution.tables.map(({ table }) => table),
    async prepare(client, rows) {
      await client.query(schemaSql);
      await loadData(client, generateData(name, rows), {
        onTable: () => ({ update: () => undefined, finish: () => undefined }),
      });
    },
    changes: new RegExp(`^(constraint|index) (${rewritten.join('|')})_\\w*pkey of `),
  };
}

function specification({ shardCount, online, allow, tables }: Distribution): string {
  return stringify({
    shardCount,
    online,
    ...(allow === undefined ? {} : { allow }),
    tables: Object.fromEntries(
      tables.map((table) => [
        table.table.name,
        table.kind === 'distributed'
          ? {
              distributeBy: table.distributeBy,
              ...(table.colocateWith === undefined ? {} : { colocateWith: table.colocateWith.name }),
              ...(table.primaryKey === undefined ? {} : { primaryKey: table.primaryKey }),
            }
          : { [table.kind]: true },
      ]),
    ),
  });
}

const named = (name: string): TableName => ({ schema: 'public', name });

const WHOLE = wholeDistribution(SHARDS, true);

/** Whatever a distribution can lose without an error, in one schema; two tables of it are not named, and Citus converts them. */
const everything: Story = {
  name: 'everything',
  specification: specification(WHOLE),
  tables: [
    ...WHOLE.tables.map(({ table }) => table),
    ...['readings_early', 'readings_late', 'price_lists', 'price_notes'].map(named),
  ],
  prepare: createWholeSchema,
  changes: /^$/,
};

/** The ways back and sideways: tables that Citus holds already, and every kind of change of them in one plan. */
const sideways: Story = {
  name: 'sideways',
  specification: stringify({
    shardCount: SHARDS,
    online: true,
    tables: {
      kinds: { reference: true },
      tenants: { distributeBy: 'tenant_id' },
      orders: { distributeBy: 'tenant_id', colocateWith: 'tenants' },
      items: { distributeBy: 'item_id' },
      prices: { distributeBy: 'item_id', colocateWith: 'items' },
      visits: { distributeBy: 'page', primaryKey: ['page', 'visit_id'] },
      notes: { distributeBy: 'page' },
      archive: { local: true },
      countries: { local: true },
    },
  }),
  tables: ['kinds', 'tenants', 'orders', 'items', 'prices', 'visits', 'notes', 'archive', 'countries'].map(
    named,
  ),
  async prepare(client, rows) {
    const many = String(rows);
    // One by one: of several statements in one text, Citus sends the whole text to the workers.
    for (const statement of `
      CREATE TABLE kinds (kind_id int PRIMARY KEY, name text);
      CREATE TABLE tenants (tenant_id int, region int NOT NULL, kind_id int REFERENCES kinds, note text DEFAULT 'x', PRIMARY KEY (tenant_id, region));
      CREATE TABLE orders (order_id bigserial, tenant_id int, region int, amount numeric(10,2), PRIMARY KEY (tenant_id, region, order_id));
      CREATE INDEX orders_by_amount ON orders (amount) INCLUDE (region);
      CREATE TABLE items (item_id int PRIMARY KEY, kind_id int REFERENCES kinds);
      CREATE TABLE prices (item_id int, since date, price numeric NOT NULL CHECK (price > 0), PRIMARY KEY (item_id, since));
      CREATE TABLE visits (visit_id bigserial, page int NOT NULL, PRIMARY KEY (page, visit_id));
      CREATE TABLE notes (page int, at date, body text, PRIMARY KEY (page, at)) PARTITION BY RANGE (at);
      CREATE TABLE notes_early PARTITION OF notes FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
      CREATE TABLE notes_late PARTITION OF notes FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
      CREATE POLICY written ON notes_late USING (body IS NOT NULL);
      COMMENT ON POLICY written ON notes_late IS 'what was said';
      ALTER TABLE notes_late ENABLE ROW LEVEL SECURITY;
      COMMENT ON COLUMN notes_early.body IS 'of the old book';
      CREATE TABLE archive (archive_id bigserial PRIMARY KEY, kind_id int CONSTRAINT kind REFERENCES kinds, body text);
      CREATE TABLE countries (country text PRIMARY KEY, area int UNIQUE);
      INSERT INTO kinds SELECT i, 'kind ' || i FROM generate_series(1, 10) i;
      INSERT INTO countries SELECT 'country ' || i, i FROM generate_series(1, 10) i;
      INSERT INTO tenants SELECT i, i % 5, 1 + i % 10 FROM generate_series(1, 50) i;
      INSERT INTO items SELECT i, 1 + i % 10 FROM generate_series(1, 50) i;
      SELECT create_reference_table('kinds');
      SELECT create_reference_table('countries');
      SELECT create_distributed_table('tenants', 'tenant_id', shard_count => 4, colocate_with => 'none');
      SELECT create_distributed_table('orders', 'tenant_id', colocate_with => 'tenants');
      ALTER TABLE orders ADD CONSTRAINT tenant FOREIGN KEY (tenant_id, region) REFERENCES tenants (tenant_id, region) ON DELETE CASCADE;
      SELECT create_distributed_table('items', 'item_id', shard_count => ${String(SHARDS)}, colocate_with => 'none');
      SELECT create_distributed_table('prices', 'item_id', shard_count => ${String(SHARDS)}, colocate_with => 'none');
      SELECT create_distributed_table('visits', 'visit_id', shard_count => ${String(SHARDS)}, colocate_with => 'none');
      SELECT create_distributed_table('notes', 'page', shard_count => 4, colocate_with => 'none');
      INSERT INTO notes SELECT i % 50, '2025-12-01'::date + i / 50, 'note ' || i FROM generate_series(1, 2000) i;
      CREATE MATERIALIZED VIEW notes_by_day AS SELECT at, count(*) AS notes FROM notes GROUP BY at;
      COMMENT ON MATERIALIZED VIEW notes_by_day IS 'of all partitions';
      SELECT create_distributed_table('archive', 'archive_id', shard_count => 4, colocate_with => 'none');
      SELECT truncate_local_data_after_distributing_table('kinds');
      SELECT truncate_local_data_after_distributing_table('countries');
      SELECT truncate_local_data_after_distributing_table('tenants');
      SELECT truncate_local_data_after_distributing_table('items');
      INSERT INTO orders (tenant_id, region, amount) SELECT 1 + i % 50, (1 + i % 50) % 5, i / 3.0 FROM generate_series(1, ${many}) i;
      INSERT INTO prices SELECT 1 + i % 50, '2020-01-01'::date + i, 1 + i / 7.0 FROM generate_series(1, ${many}) i;
      INSERT INTO visits (page) SELECT i % 100 FROM generate_series(1, ${many}) i;
      INSERT INTO archive (kind_id, body) SELECT 1 + i % 10, repeat('body ', i % 20) FROM generate_series(1, ${many}) i;
      ANALYZE kinds, countries, tenants, orders, items, prices, visits, notes, archive`.split(';\n')) {
      await client.query(statement);
    }
  },
  changes: /^$/,
};

const TENANTS = ['tenant_1', 'tenant_2', 'tenant_3'];

/** A schema for each tenant: two become distributed as wholes, and one that is comes back. */
const tenants: Story = {
  name: 'tenants',
  specification: stringify({
    shardCount: SHARDS,
    online: true,
    tables: { kinds: { reference: true } },
    schemas: {
      tenant_1: { distributed: true },
      tenant_2: { distributed: true },
      tenant_3: { local: true },
    },
  }),
  tables: [
    named('kinds'),
    ...TENANTS.flatMap((schema) => ['users', 'orders', 'log'].map((name) => ({ schema, name }))),
  ],
  async prepare(client, rows) {
    await client.query(
      "CREATE TABLE kinds (kind_id int PRIMARY KEY); INSERT INTO kinds SELECT generate_series(1, 10); SELECT create_reference_table('kinds')",
    );
    await client.query("SELECT truncate_local_data_after_distributing_table('kinds')");
    for (const schema of TENANTS) {
      await client.query(`
        CREATE SCHEMA ${schema};
        GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;
        CREATE TABLE ${schema}.users (user_id int PRIMARY KEY, kind_id int, boss int REFERENCES ${schema}.users);
        CREATE TABLE ${schema}.orders (order_id bigserial PRIMARY KEY, user_id int NOT NULL,
          CONSTRAINT whose FOREIGN KEY (user_id) REFERENCES ${schema}.users ON DELETE CASCADE);
        CREATE INDEX orders_of ON ${schema}.orders (user_id);
        CREATE TABLE ${schema}.log (day date NOT NULL, line text) PARTITION BY RANGE (day);
        CREATE TABLE ${schema}.log_first PARTITION OF ${schema}.log FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
        CREATE TABLE ${schema}.log_later PARTITION OF ${schema}.log FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
        INSERT INTO ${schema}.users SELECT i, 1 + i % 10, nullif(i / 2, 0) FROM generate_series(1, 50) i;
        INSERT INTO ${schema}.orders (user_id) SELECT 1 + i % 50 FROM generate_series(1, ${String(rows)}) i;
        INSERT INTO ${schema}.log SELECT date '2025-12-01' + i % 60, i::text FROM generate_series(1, ${String(rows)}) i`);
    }
    await client.query("SELECT citus_schema_distribute('tenant_3')");
    for (const schema of TENANTS) {
      await client.query(
        `ALTER TABLE ${schema}.users ADD CONSTRAINT kind FOREIGN KEY (kind_id) REFERENCES kinds`,
      );
    }
    await client.query('ANALYZE');
  },
  changes: /^$/,
};
