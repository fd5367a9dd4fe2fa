import type { Distribution } from '../../config/workload/distribution-types';
import { rebalancePlan } from '../../scripts/rebalance/commands';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

platformSuite('the disk that a run needs', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterAll(() => database.drop());

  /** Bytes of the database on the coordinator. */
  const held = async (): Promise<number> => {
    const sql = 'SELECT pg_database_size(current_database())::float8 AS bytes';
    return (await query<{ bytes: number }>(database.target, sql))[0]?.bytes ?? 0;
  };

  test('is what the nodes then hold more', async () => {
    const { target } = database;
    await query(
      target,
      `CREATE TABLE wide (id int PRIMARY KEY, filler text); INSERT INTO wide SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i;
       CREATE TABLE small (id int PRIMARY KEY, filler text); INSERT INTO small SELECT i, repeat('x', 500) FROM generate_series(1, 4000) i`,
    );
    const expected: Distribution = {
      shardCount: 4,
      online: false,
      tables: [
        { kind: 'reference', table: named('small') },
        { kind: 'distributed', table: named('wide'), distributeBy: 'id' },
      ],
    };
    const { document, text } = await tablesPlan(testContext(), { target, expected });
    const [{ bytes: said, node } = { bytes: 0, node: '' }] = document.disk?.nodes ?? [];
    expect(text).toMatch(`beyond what each node holds now: ${node} `);
    expect(text).toMatch(/storage_percent/);

    const before = await held();
    await tablesApply(testContext(), { target, expected });
    // The last steps of the run took the originals away, which were as large as was said.
    const copies = (await held()) - before + said;
    expect(Math.abs(copies / said - 1)).toBeLessThan(0.1);

    await database.addWorkers();
    const plan = await rebalancePlan(testContext(), {
      target,
      strategy: 'by_shard_count',
      mode: 'block_writes',
    });
    const coming = plan.document.disk.map(({ bytes }) => bytes);
    const [first = 0, ...workers] = coming;
    expect(first).toBe(0);
    // Each of both gets the reference table, and a shard or two.
    const small = await query<{ bytes: number }>(
      target,
      "SELECT citus_total_relation_size('small')::float8 AS bytes",
    );
    for (const bytes of workers) expect(bytes).toBeGreaterThan((small[0]?.bytes ?? 0) + said / 8);
    expect(plan.text).toMatch(/Disk that the nodes need .* w0 .* w1 /);
  });
});
