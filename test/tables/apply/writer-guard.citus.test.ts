import type { Distribution } from '../../../config/workload/distribution-types';
import { FILL_READINGS, findWrites, READINGS, startWriters } from '../../../scripts/bench/writers';
import { withClient } from '../../../scripts/lib/connection';
import { tablesApply } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { platformSuite } from '../../support/citus';
import { named } from '../support/catalog';
import { freshOnlineDatabase } from '../support/databases';
import { query, session, testContext } from '../support/sensors';

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
      const context = testContext((event) => {
        if (event.name !== 'step.started' || event.step !== 'distribute:readings' || released !== undefined)
          return;
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
      expect([seconds, resolutionSeconds].map((each) => Number(each.toFixed(3)))).toEqual([
        seconds,
        resolutionSeconds,
      ]);
      expect(stall).toBeGreaterThan(1.5);
      expect(stall).toBeLessThan(seconds + TOLERANCE_SECONDS);
      expect(stall).toBeGreaterThan(seconds - resolutionSeconds - TOLERANCE_SECONDS);
      expect(resolutionSeconds).toBeLessThan(seconds / 2);
      expect(document.longestWriteBlock).toBeNull();
      expect(text).toMatch(/Writers of readings waited at most \d+(\.\d)? s/);
    },
  );

  test('a copy that cannot replay a change is cancelled and begun anew', async () => {
    database = await freshOnlineDatabase({ workers: 0 });
    const { target, platform } = database;
    await query(target, READINGS);
    await query(target, FILL_READINGS, [ROWS]);
    // Shards get their keys long after the replication slots are there, and the moment cannot be kept from writers.
    await query(
      platform,
      `CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS
         $$ BEGIN IF current_query() LIKE '%ADD CONSTRAINT%' THEN PERFORM pg_sleep(0.1); END IF; END $$;
       CREATE EVENT TRIGGER slow_keys ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slowly();
       REVOKE EXECUTE ON FUNCTION lock_shard_metadata(int, bigint[]) FROM PUBLIC`,
    );
    const stop = startWriters(target, ROWS);
    let allowed: Promise<unknown> | undefined;
    const context = testContext((event) => {
      if (event.name !== 'step.retrying' || event.reason !== 'stalled' || allowed !== undefined) return;
      allowed = query(
        platform,
        'GRANT EXECUTE ON FUNCTION lock_shard_metadata(int, bigint[]) TO PUBLIC; DROP EVENT TRIGGER slow_keys',
      );
    });
    const locks = { timeoutMs: 2_000, longWorkTimeoutMs: 4_000, attempts: 12, pauseMs: 1_000 };
    const { document } = await tablesApply(context, { target, expected, compareRows: false, locks });
    const { inserts, updates, deletes } = await stop();
    await allowed;
    expect(context.events).toContainEqual(
      expect.objectContaining({ name: 'step.retrying', step: 'distribute:readings', reason: 'stalled' }),
    );
    expect(document.applied.map(({ id }) => id)).toEqual(['distribute:readings']);
    expect(await withClient(target, (client) => findWrites(client, ROWS))).toEqual({
      inserts,
      updates,
      deletes,
    });
  });
});
