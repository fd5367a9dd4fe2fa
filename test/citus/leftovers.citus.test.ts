import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { freshOnlineDatabase } from '../tables/support/databases';
import { createSensors, query, sensorsDistribution, session, testContext } from '../tables/support/sensors';
import { slowCopy } from '../tables/support/slow-copy';

jest.setTimeout(180_000);

let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.drop();
  database = undefined;
});

const expectVerified = async (target: ConnectionTarget, expected = sensorsDistribution()): Promise<void> => {
  const { document } = await tablesVerify(testContext(), { target, expected });
  expect(document.checks.filter((check) => !check.ok)).toEqual([]);
};

/** The daemon would clean up after a copy, as it may on any day; here the run itself has to. */
async function withoutCleanupDaemon(platform: ConnectionTarget, work: () => Promise<void>): Promise<void> {
  await query(platform, "ALTER SYSTEM SET citus.defer_shard_delete_interval TO '-1'");
  await query(platform, 'SELECT pg_reload_conf()');
  try {
    await work();
  } finally {
    await query(platform, 'ALTER SYSTEM RESET citus.defer_shard_delete_interval');
    await query(platform, 'SELECT pg_reload_conf()');
  }
}

platformSuite('tables apply mends and waits', () => {
  test('what a broken online copy leaves: a local table, orphaned shards, replication slots', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    const { target, platform } = database;
    await createSensors(target, 10);
    await slowCopy(target);
    const slots = (): Promise<unknown[]> =>
      query(
        platform,
        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND slot_name LIKE 'citus\\_%'",
      );
    const context = testContext((event) => {
      if (event.name !== 'step.started' || event.step !== 'distribute:devices') return;
      setTimeout(() => {
        void query(
          platform,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'scaleout tables apply'",
        );
      }, 2500);
    });
    await withoutCleanupDaemon(platform, async () => {
      await expect(tablesApply(context, { target, expected: sensorsDistribution() })).rejects.toThrow(
        /was lost/,
      );
      expect(await query(target, 'SELECT FROM pg_dist_cleanup')).not.toEqual([]);
      expect(
        await query(
          target,
          "SELECT partmethod FROM pg_dist_partition WHERE logicalrelid = 'devices'::regclass",
        ),
      ).toEqual([{ partmethod: 'n' }]);
      await query(target, 'ALTER TABLE devices DROP CONSTRAINT slowly');

      const again = testContext();
      await tablesApply(again, { target, expected: sensorsDistribution() });
      expect(again.lines.join('\n')).toMatch(
        /cleaned up after an operation that broke off: .*shard placements/,
      );
      await expectVerified(target);
      expect(await slots()).toEqual([]);
    });
  });

  test('what an online copy leaves that failed for a moment: cleaned up, looked at and begun again by the same run', async () => {
    database = await freshOnlineDatabase({ workers: 0 });
    const { target, platform } = database;
    await createSensors(target, 10);
    // A sequence does not go back where a copy does: the fifth row fails, and is copied the next time.
    await query(
      target,
      `CREATE SEQUENCE rows_copied;
       CREATE FUNCTION fails_once(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
       ALTER TABLE devices ADD CONSTRAINT fails CHECK (fails_once(device_id));
       CREATE OR REPLACE FUNCTION fails_once(bigint) RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN
           IF nextval('rows_copied') = 5 THEN RAISE undefined_function USING MESSAGE = 'gone for a moment'; END IF;
           RETURN true;
         END $$`,
    );
    await withoutCleanupDaemon(platform, async () => {
      const context = testContext();
      await tablesApply(context, { target, expected: sensorsDistribution() });
      const told = context.lines.filter((line) => /devices failed|cleaned up after/.test(line));
      expect(told).toEqual([
        expect.stringMatching(/^distribute:devices failed; reading the database again: gone for a moment/),
        expect.stringMatching(/shard placements/),
      ]);
      await expectVerified(target);
    });
  });

  test('what an online copy leaves for Citus to drop later is no table of its schema', async () => {
    database = await freshOnlineDatabase({ workers: 0 });
    const { target, platform } = database;
    await query(
      target,
      'CREATE SCHEMA "a b"; CREATE TABLE "a b"."t\'s" (id int PRIMARY KEY); INSERT INTO "a b"."t\'s" SELECT generate_series(1, 10)',
    );
    const table = { schema: 'a b', name: "t's" };
    const spec = (wanted: ExpectedTable): Distribution => ({
      shardCount: 2,
      online: true,
      tables: [wanted],
      schemas: [{ schema: 'a b', kind: 'local' }],
    });
    const there = spec({ kind: 'distributed', table, distributeBy: 'id' });
    await withoutCleanupDaemon(platform, async () => {
      await tablesApply(testContext(), { target, expected: there });
      expect(await query(target, 'SELECT FROM pg_dist_cleanup WHERE object_type = 1')).toHaveLength(1);
      const back = spec({ kind: 'local', table });
      const reviewed = (await tablesPlan(testContext(), { target, expected: back })).document;
      const { document } = await tablesApply(testContext(), { target, expected: back, reviewed });
      expect(document.rows?.tables.map(({ table: name, same }) => [name, same])).toEqual([["a b.t's", true]]);
    });
  });

  test('a bare citus_move_shard_placement is named, and is in the way only of what would change something', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await createSensors(target, 10);
    const expected = sensorsDistribution({ online: false });
    await query(
      target,
      "CREATE TABLE other (id int PRIMARY KEY); SELECT create_distributed_table('other', 'id', colocate_with => 'none', shard_count => 4)",
    );
    const mover = await session(target);
    const move = async (): Promise<string> => {
      await mover.query('BEGIN');
      await mover.query(
        `SELECT citus_move_shard_placement(s.shardid, f.nodeid, t.nodeid, 'block_writes')
           FROM (SELECT min(shardid) AS shardid FROM pg_dist_shard WHERE logicalrelid = 'other'::regclass) s
           JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node f ON f.groupid = p.groupid
           JOIN pg_dist_node t ON t.groupid = (p.groupid + 1) % 3`,
      );
      const { rows } = await mover.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return String(rows[0]?.pid);
    };
    const pid = await move();
    await expect(tablesApply(testContext(), { target, expected })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        new RegExp(
          `^shards are moved outside of any rebalance job by session ${pid}, user citus, application "somebody".*in a transaction since 2.*; nothing was changed$`,
        ),
      ) as string,
    });
    await mover.query('ROLLBACK');
    await tablesApply(testContext(), { target, expected });
    await move();
    expect((await tablesApply(testContext(), { target, expected })).document.applied).toEqual([]);
    await mover.query('ROLLBACK');
    await mover.end();
    await expectVerified(target, expected);
  });

  test('a look at a table that somebody locks is tried again', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { target } = database;
    await createSensors(target, 10);
    const expected = sensorsDistribution({ online: false });
    const holder = await session(target);
    let waited = 0;
    const context = testContext((event) => {
      if (event.name === 'step.done' && event.step === 'replace-primary-key:events') {
        void holder.query('BEGIN; LOCK TABLE devices IN ACCESS EXCLUSIVE MODE');
      }
      if (event.name !== 'look.retrying') return;
      waited += 1;
      expect(event).toMatchObject({
        attempt: 1,
        attempts: 12,
        message: expect.stringMatching(/within 5 s.*session \d+, citus, application "somebody"/) as string,
      });
      void holder.query('COMMIT');
    });
    await tablesApply(context, { target, expected });
    await holder.end();
    expect(waited).toBe(1);
    await expectVerified(target, expected);
  });

  test('a session that holds a lock on a worker is named with its node', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await createSensors(target, 10);
    const expected = sensorsDistribution({ online: false });
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step === 'distribute:events') ask();
    });
    await expect(tablesApply(stop, { target, expected })).rejects.toThrow(/stopped as asked/);
    const [device] = await query<{ id: number; port: number }>(
      target,
      `SELECT i AS id, nodeport AS port FROM generate_series(1, 10) i
         JOIN pg_dist_placement ON shardid = get_shard_id_for_distribution_column('devices', i) JOIN pg_dist_node USING (groupid)
        WHERE groupid <> 0 LIMIT 1`,
    );
    const port = device?.port ?? 0;
    // Every node takes writes, not the coordinator alone.
    const holder = await session({ ...target, port });
    await holder.query('BEGIN');
    await holder.query('UPDATE devices SET name = name WHERE device_id = $1', [device?.id]);
    const locks = { timeoutMs: 4000, longWorkTimeoutMs: 4000, attempts: 1, pauseMs: 10 };
    await expect(tablesApply(testContext(), { target, expected, locks })).rejects.toThrow(
      new RegExp(
        `restore-foreign-key:events:events_device_id_fkey did not get its lock.*held by session \\d+ on [^ ]+:${String(port)}, user citus, application "somebody", idle in transaction, in a transaction since`,
      ),
    );
    await holder.end();
    await tablesApply(testContext(), { target, expected });
    await expectVerified(target, expected);
  });
});
