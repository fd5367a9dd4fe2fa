import { tablesApply } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { createSensors, DEVICES, query, sensorsDistribution, testContext } from './support/sensors';

jest.setTimeout(60_000);

platformSuite('the rows before and after tables apply', () => {
  const expected = sensorsDistribution({ online: false });
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createSensors(database.target, 200);
  });
  afterEach(async () => {
    await database.drop();
  });
  const ownSchema = (): Promise<unknown[]> =>
    query(database.target, "SELECT nspname FROM pg_namespace WHERE nspname = 'scaleout'");

  test('the receipt says what each table held and holds, and the record is gone', async () => {
    const { document, text } = await tablesApply(testContext(), { target: database.target, expected });
    expect(document.rows?.tables).toEqual(
      [
        ['device_types', 2],
        ['devices', DEVICES],
        ['events', 200],
      ].map(([table, rows]) => ({
        table,
        same: true,
        before: { rows, checksum: expect.stringMatching(/^-?\d+$/) as string },
        after: { rows, checksum: expect.stringMatching(/^-?\d+$/) as string },
      })),
    );
    expect(text).toMatch(/3 of 3 tables hold the same rows as before/);
    expect(await ownSchema()).toEqual([]);
  });

  test('a row that a run broken off does not find again is missed by the run that ends, and said', async () => {
    const { target } = database;
    const stop = testContext((line, ask) => {
      if (line === 'distribute devices finished') ask();
    });
    await expect(tablesApply(stop, { target, expected })).rejects.toThrow(/stopped as asked/);
    await query(target, 'DELETE FROM events WHERE event_id = 7');
    const context = testContext();
    const { document } = await tablesApply(context, { target, expected });
    expect(document.rows?.tables.filter((each) => !each.same).map((each) => each.table)).toEqual(['events']);
    expect(context.lines.join('\n')).toMatch(
      /the rows of events are others than at 2\S+Z: 200 then, 199 now/,
    );
    expect(await ownSchema()).toEqual([]);
  });

  test('nobody who asks not to count is made to', async () => {
    const { target } = database;
    const { document } = await tablesApply(testContext(), { target, expected, compareRows: false });
    expect(document.rows).toBeNull();
  });
});
