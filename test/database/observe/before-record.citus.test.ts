import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tablesApply, tablesVerify } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import {
  createSensors,
  DEVICES,
  query,
  sensorsDistribution,
  testContext,
} from '../../tables/support/sensors';

jest.setTimeout(60_000);

platformSuite('what is noted before tables apply and compared after', () => {
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
        before: { rows, checksum: expect.stringMatching(/^m-?\d+$/) as string },
        after: { rows, checksum: expect.stringMatching(/^m-?\d+$/) as string },
      })),
    );
    expect(text).toMatch(/3 of 3 tables hold the same rows as before/);
    expect(await ownSchema()).toEqual([]);
  });

  test('what a run broken off does not find again is missed by the run that ends, and said', async () => {
    const { target } = database;
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step === 'distribute:devices') ask();
    });
    const queries = [
      { name: 'how-many', sql: 'SELECT count(*) FROM events' },
      { name: 'types', sql: 'SELECT * FROM device_types' },
    ];
    await expect(tablesApply(stop, { target, expected, queries })).rejects.toThrow(/stopped as asked/);
    await query(target, 'DELETE FROM events WHERE event_id = 7');
    await query(target, 'DROP INDEX events_payload');
    const context = testContext();
    const { document } = await tablesApply(context, { target, expected, queries });
    expect(document.rows?.tables.filter((each) => !each.same).map((each) => each.table)).toEqual(['events']);
    expect(context.lines.join('\n')).toMatch(
      /the rows of events are others than at 2\S+Z: 200 then, 199 now/,
    );
    expect(document.answers.map(({ query: name, same }) => [name, same])).toEqual([
      ['how-many', false],
      ['types', true],
    ]);
    expect(context.lines.join('\n')).toMatch(/the answer of query how-many is another than at 2\S+Z/);
    expect(document.objects.filter(({ same }) => !same)).toEqual([
      expect.objectContaining({ table: 'events', gone: ['index events_payload'], different: [] }),
    ]);
    expect(context.lines.join('\n')).toMatch(/table events: index events_payload is gone, compared with 2/);
    expect(await ownSchema()).toEqual([]);
  });

  test('a run that is stopped while it counts has changed nothing, or leaves the comparison to the next', async () => {
    const { target } = database;
    const stopAtCount = (which: number): ReturnType<typeof testContext> => {
      let counts = 0;
      return testContext((event, ask) => {
        if (event.name === 'rows.counting' && ++counts === which) ask();
      });
    };
    await expect(tablesApply(stopAtCount(1), { target, expected })).rejects.toThrow(/nothing was changed/);
    expect(await ownSchema()).toEqual([]);
    expect(await query(target, 'SELECT logicalrelid FROM pg_dist_partition')).toEqual([]);
    await expect(tablesApply(stopAtCount(2), { target, expected })).rejects.toThrow(
      /every step is done.*was not compared yet/,
    );
    await query(target, 'DELETE FROM events WHERE event_id = 7');
    const { document } = await tablesApply(testContext(), { target, expected });
    expect(document.applied).toEqual([]);
    expect(document.rows?.tables.filter((each) => !each.same).map((each) => each.table)).toEqual(['events']);
    expect(await ownSchema()).toEqual([]);
  });

  test('nobody who asks not to count is made to', async () => {
    const { target } = database;
    const context = testContext();
    const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-receipt-'));
    const receipt = path.join(directory, 'receipt.json');
    const { document } = await tablesApply(context, { target, expected, compareRows: false, receipt });
    const { checks } = (await tablesVerify(testContext(), { target, expected, receipt })).document;
    rmSync(directory, { recursive: true });
    expect(checks.filter(({ id }) => id.startsWith('rows'))).toEqual([
      expect.objectContaining({
        ok: true,
        warning: true,
        detail: expect.stringMatching(/^not compared/) as string,
      }),
    ]);
    expect(document.rows).toBeNull();
    expect(document.objects.map(({ same }) => same)).toEqual([true, true, true]);
    expect(context.lines.filter((line) => line.startsWith('counting'))).toEqual([]);
  });

  test.each([
    ['of another version', `(format_version int, observation json)`, `(2, '{}')`],
    ['that is none', `(format_version int, observation json)`, `(1, '{"rows": "many"}')`],
    ['of other columns', `(taken_at timestamptz, rows bigint)`, `(now(), 7)`],
    ['without a row', `(format_version int, observation json)`, undefined],
  ])('a record %s is said before anything is done', async (_what, columns, row) => {
    const { target } = database;
    await query(target, `CREATE SCHEMA scaleout; CREATE TABLE scaleout.before_apply ${columns}`);
    if (row !== undefined) await query(target, `INSERT INTO scaleout.before_apply VALUES ${row}`);
    await expect(tablesApply(testContext(), { target, expected })).rejects.toThrow(
      /scaleout\.before_apply.*cannot read.*nothing was changed/,
    );
    expect(await query(target, 'SELECT logicalrelid FROM pg_dist_partition')).toEqual([]);
  });
});
