import { withClient } from '../../../scripts/lib/connection';
import { localLoad } from '../../../scripts/local/load/load';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase } from '../../support/citus';
import { createSensors, testContext } from '../../tables/support/sensors';

citusSuite('a load of a workload', { workers: 0 }, () => {
  let database: TestDatabase;
  const load = { workload: 'sensors', rate: 40, readers: 10, seconds: 1 };
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 50);
  }, 60_000);
  afterAll(async () => database.drop());

  test('writes and reads at its rates, and finds again what was acknowledged', async () => {
    const queries = [{ name: 'all', sql: 'SELECT count(*) FROM events' }];
    const { outcome, document, text } = await localLoad(testContext(), {
      ...load,
      target: database.target,
      queries,
    });
    expect({ outcome, lost: document.writes.lost }).toEqual({ outcome: 'done', lost: 0 });
    expect(document.writes).toMatchObject({ requests: document.writes.acknowledged, failures: [] });
    expect(document.writes.acknowledged).toBeGreaterThanOrEqual(40);
    expect(document.reads?.requests).toBeGreaterThanOrEqual(10);
    expect(text).toMatch(/All \d+ acknowledged writes are there\./);
  });

  test('tells of writes that are gone', async () => {
    // A rule of the table's own: the write is acknowledged, and no row is there.
    await withClient(database.target, (client) =>
      client.query('CREATE RULE forget AS ON INSERT TO events WHERE NEW.event_id % 2 = 0 DO INSTEAD NOTHING'),
    );
    const { outcome, document } = await localLoad(testContext(), {
      ...load,
      readers: 0,
      target: database.target,
      queries: [],
    });
    expect(outcome).toBe('failed');
    expect(document.writes.lost).toBeGreaterThanOrEqual(20);
    expect(document.reads).toBeNull();
  });

  test('refuses a server elsewhere, a workload that it does not know, and one without rows', async () => {
    const elsewhere = { ...database.target, host: 'db.example.com' };
    await expect(localLoad(testContext(), { ...load, target: elsewhere, queries: [] })).rejects.toMatchObject(
      { exitCode: 3 },
    );
    const other = localLoad(testContext(), {
      ...load,
      workload: 'other',
      target: database.target,
      queries: [],
    });
    await expect(other).rejects.toThrow(/choose sensors or payments/);
  });
});
