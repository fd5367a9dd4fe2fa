import { withClient } from '../../../scripts/lib/connection';
import { inspectDatabase } from '../../../scripts/database/inspect/inspect';
import { grownTables, readSizes } from '../../../scripts/tables/review/growth';
import type { TestDatabase } from '../../support/citus';
import { citusSuite, freshCitusDatabase } from '../../support/citus';
import { byId, spec } from '../support/specifications';
import { query } from '../support/sensors';

citusSuite('the sizes of tables that a plan is reviewed with', { workers: 0 }, () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterEach(async () => database.drop());

  const sizes = () =>
    withClient(database.target, async (client) => {
      const { tables } = await inspectDatabase(client, spec(byId('small'), byId('forced')));
      return readSizes(client, tables);
    });

  test('are counts of small tables, analyzed or not, and nobody counts under forced policies', async () => {
    await query(
      database.target,
      `CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 700);
       CREATE TABLE forced (id int PRIMARY KEY); INSERT INTO forced SELECT generate_series(1, 700); ANALYZE forced;
       ALTER TABLE forced ENABLE ROW LEVEL SECURITY; ALTER TABLE forced FORCE ROW LEVEL SECURITY`,
    );
    const then = await sizes();
    expect(then).toMatchObject({ small: { rows: 700 }, forced: { rows: 700 } });
    await query(database.target, 'INSERT INTO small SELECT generate_series(701, 1401)');
    expect(grownTables(then, await sizes(), 2)).toEqual(['small']);
    expect(grownTables(then, await sizes(), 2.1)).toEqual([]);
  });
});
