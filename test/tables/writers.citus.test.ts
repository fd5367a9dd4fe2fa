import type { Distribution } from '../../config/distribution-types';
import { FILL_READINGS, findWrites, READINGS, startWriters } from '../../scripts/bench/writers';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { freshOnlineDatabase } from './support/databases';
import { query, session, testContext } from './support/sensors';

jest.setTimeout(180_000);

const ROWS = 20_000;
/** What a write itself may take on a busy machine, beside its wait. */
const TOLERANCE_SECONDS = 0.5;

const expected: Distribution = {
  shardCount: 8,
  online: true,
  tables: [{ kind: 'distributed', table: named('readings'), distributeBy: 'device_id' }],
};

platformSuite('writers of a table that is distributed online', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test.each<[0 | 2]>([[0], [2]])(
    '%i workers: not one insert, update or delete is lost or done twice, and their longest pause is reported',
    async (workers) => {
      database = await freshOnlineDatabase({ workers });
      const { target } = database;
      await query(target, READINGS);
      await query(target, FILL_READINGS, [ROWS]);
      const stop = startWriters(target, ROWS);
      // A transaction that the step has to wait for, with every writer behind it in the queue: a pause of a known length.
      const holder = await session(target);
      let released: Promise<unknown> | undefined;
      const context = testContext((line) => {
        if (!line.startsWith('distribute readings') || released !== undefined) return;
        released = holder.query('SELECT pg_sleep(2)').then(() => holder.query('COMMIT'));
      });
      await holder.query("BEGIN; INSERT INTO readings VALUES (1, -1, 0, 'holder')");

      const { document, text } = await tablesApply(context, { target, expected, compareRows: false });
      const written = await stop();
      await released;
      await holder.query('DELETE FROM readings WHERE device_id = 1 AND reading_id = -1');
      await holder.end();

      expect(Math.min(written.inserts, written.updates, written.deletes)).toBeGreaterThan(20);
      const { inserts, updates, deletes, longestStallSeconds: stall } = written;
      expect(await withClient(target, (client) => findWrites(client, ROWS))).toEqual({
        inserts,
        updates,
        deletes,
      });

      const { id, seconds, resolutionSeconds } = document.longestWritePause!;
      expect(id).toBe('distribute:readings');
      expect(stall).toBeGreaterThan(1.5);
      expect(stall).toBeLessThan(seconds + TOLERANCE_SECONDS);
      expect(stall).toBeGreaterThan(seconds - resolutionSeconds - TOLERANCE_SECONDS);
      expect(resolutionSeconds).toBeLessThan(seconds / 2);
      expect(document.longestWriteBlock).toBeNull();
      expect(text).toMatch(/Writers of readings waited at most \d+\.\d s/);
    },
  );
});
