import { setTimeout as sleep } from 'node:timers/promises';
import type { Distribution } from '../../../config/workload/distribution-types';
import { withAdvisoryLock, withClient } from '../../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import { fingerprintTables } from '../../../scripts/database/observe/fingerprint';
import type { Fingerprint } from '../../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { freshOnlineDatabase } from '../support/databases';
import {
  createSensors,
  DEVICES,
  query,
  sensorsDistribution,
  sensorsQueries,
  session,
  testContext,
} from '../support/sensors';

jest.setTimeout(120_000);

/** What a statement may take on a busy machine without anything in its way. */
const SCHEDULING_SECONDS = 2;
const LOCKS = { timeoutMs: 150, longWorkTimeoutMs: 300, attempts: 2, pauseMs: 10 };

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

const fingerprints = (expected: Distribution): Promise<Fingerprint[]> =>
  withClient(database.target, (client) =>
    fingerprintTables(
      client,
      expected.tables.map((each) => each.table),
    ),
  );

const wrongChecks = async (
  expected: Distribution,
  expectedFingerprints: Fingerprint[] = [],
): Promise<unknown[]> => {
  const { document } = await tablesVerify(testContext(), {
    target: database.target,
    expected,
    queries: await sensorsQueries(),
    expectedFingerprints,
  });
  return document.checks.filter((check) => !check.ok);
};

platformSuite('tables apply on the sensors', () => {
  test.each<[0 | 2, boolean]>([
    [0, true],
    [0, false],
    [2, true],
    [2, false],
  ])(
    '%i workers, online: %s: every row is there, every check holds, a second run does nothing',
    async (workers, online) => {
      database = await (online ? freshOnlineDatabase : freshCitusDatabase)({ workers });
      await createSensors(database.target, 3_000);
      const expected = sensorsDistribution({ online });
      const before = await fingerprints(expected);
      expect(before.map((each) => each.rows)).toEqual([2, DEVICES, 3_000]);

      const input = { target: database.target, expected };
      const plan = await tablesPlan(testContext(), input);
      expect(plan.outcome).toBe('changes');
      const first = testContext();
      const applied = await tablesApply(first, input);
      expect(applied.document.applied.map((step) => step.id)).toEqual(
        plan.document.steps.map((step) => step.id),
      );
      expect(first.lines[0]).toMatch(/^\d+ steps to the specified distribution; writes wait during/);
      expect(await wrongChecks(expected, before)).toEqual([]);
      expect(await query(database.target, "SELECT FROM pg_namespace WHERE nspname = 'scaleout'")).toEqual([]);

      const observed = (await tablesPlan(testContext(), input)).document;
      expect(observed.steps).toEqual([]);
      const second = testContext();
      const again = await tablesApply(second, input);
      expect(again.document.applied).toEqual([]);
      expect(again.text).toMatch(/^Nothing to do/);
      expect(second.lines).toEqual([]);
      expect((await tablesPlan(testContext(), input)).document.observed).toBe(observed.observed);
    },
  );

  test('writes go on during the online copy, and none is lost', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await createSensors(database.target, 20_000);
    const expected = sensorsDistribution();
    const writer = await session(database.target);
    const done = new AbortController();
    const written: string[] = [];
    let slowest = 0;
    const work = (async () => {
      while (!done.signal.aborted) {
        const from = performance.now();
        const { rows } = await writer.query<{ event_id: string }>(
          `INSERT INTO events (device_id, payload) VALUES ($1, '{"writer": true}') RETURNING event_id`,
          [1 + (written.length % DEVICES)],
        );
        slowest = Math.max(slowest, performance.now() - from);
        written.push(rows[0]!.event_id);
        // As fast as it can it would take a core from what it is to disturb.
        await sleep(5);
      }
    })();
    const { document } = await tablesApply(testContext(), { target: database.target, expected });
    done.abort();
    await work;
    await writer.end();
    expect(written.length).toBeGreaterThan(100);
    const there = await query<{ event_id: string }>(
      database.target,
      `SELECT event_id FROM events WHERE payload ? 'writer' ORDER BY event_id`,
    );
    expect(there.map((row) => row.event_id)).toEqual([...written].sort((a, b) => Number(a) - Number(b)));
    expect(await wrongChecks(expected)).toEqual([]);
    // What a writer saw is what the run says of it; how short that is depends on the machine, and `npm run bench` measures it.
    const said = (document.longestWritePause?.seconds ?? 0) + (document.longestWriteBlock?.seconds ?? 0);
    expect(said).toBeGreaterThan(0);
    expect(slowest / 1000).toBeLessThan(said + SCHEDULING_SECONDS);
  });

  test('a second run beside the first is told who is at work', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 10);
    const input = { target: database.target, expected: sensorsDistribution() };
    await withClient(database.target, (client) =>
      withAdvisoryLock(client, 'tables', async () => {
        await expect(tablesApply(testContext(), input)).rejects.toThrow(
          /another "tables" run is working.*session \d+ of citus/,
        );
      }),
    );
    expect((await tablesPlan(testContext(), input)).document.steps[0]?.id).toBe('build-key-index:events');
  });

  test('a session that holds a lock is named after a bounded wait, and the leftover index is rebuilt', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 100);
    const input = { target: database.target, expected: sensorsDistribution({ online: false }), locks: LOCKS };
    const holder = await session(database.target);
    const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await holder.query('BEGIN');
    await holder.query(`INSERT INTO events (device_id, payload) VALUES (1, '{}')`);
    const from = performance.now();
    await expect(tablesApply(testContext(), input)).rejects.toThrow(
      new RegExp(
        `(build-key|drop-leftover)-index:events did not get its lock in 2 attempts: it is held by session ${String(rows[0]!.pid)}, user citus, application "somebody", idle in transaction`,
      ),
    );
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(
      await query(
        database.target,
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'scaleout_key_events'::regclass",
      ),
    ).toEqual([{ indisvalid: false }]);
    await holder.query('COMMIT');
    await holder.end();
    const { document } = await tablesApply(testContext(), input);
    expect(document.applied.slice(0, 2).map((step) => step.id)).toEqual([
      'drop-leftover-index:events',
      'build-key-index:events',
    ]);
    expect(await wrongChecks(input.expected)).toEqual([]);
  });

  test('a lock in the way of a transaction: nothing of the step remains, it is tried again until it is free, and what writers waited meanwhile is told', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 100);
    const expected = sensorsDistribution({ online: false });
    const input = { target: database.target, expected, locks: { ...LOCKS, timeoutMs: 1_500, attempts: 50 } };
    const holder = await session(database.target);
    const attempts: string[] = [];
    const context = testContext((event) => {
      if (event.name === 'step.done' && event.step === 'build-key-index:events') {
        void holder.query('BEGIN; LOCK TABLE devices IN SHARE MODE');
      }
      if (event.name !== 'step.retrying' || event.reason !== 'lock') return;
      attempts.push(event.step);
      if (attempts.length === 2) void holder.query('COMMIT');
    });
    const { document } = await tablesApply(context, input);
    await holder.end();
    expect(attempts.length).toBeGreaterThanOrEqual(1);
    expect(document.longestWriteBlock).toEqual({ id: attempts[0], seconds: expect.any(Number) as number });
    expect(document.longestWriteBlock?.seconds).toBeGreaterThanOrEqual(1.5);
    expect(await wrongChecks(expected)).toEqual([]);
  });

  test('rows that refer to nothing, written while the foreign key was away, are reported and nothing is given up', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 100);
    const expected = sensorsDistribution({ online: false });
    const input = { target: database.target, expected };
    const writer = await session(database.target);
    const stop = testContext((event, ask) => {
      if (event.name === 'step.done' && event.step.startsWith('drop-foreign-key:events')) ask();
    });
    await expect(tablesApply(stop, input)).rejects.toThrow(/stopped as asked: 3 steps are done/);
    await writer.query(`INSERT INTO events (device_id, payload) VALUES (77777, '{}')`);
    await writer.end();
    await expect(tablesApply(testContext(), input)).rejects.toThrow(
      /validate-foreign-key:events:events_device_id_fkey failed: .*rows came in or were left behind that refer to nothing/,
    );
    expect(await wrongChecks(expected)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: 'dropped-foreign-keys' }),
        expect.objectContaining({ id: 'foreign-key:events:events_device_id_fkey' }),
      ]),
    );
    await query(database.target, 'DELETE FROM events WHERE device_id = 77777');
    await tablesApply(testContext(), input);
    expect(await wrongChecks(expected)).toEqual([]);
  });

  test('a worker is refused, whatever the verb', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const [worker] = await query<{ port: number }>(
      database.target,
      'SELECT nodeport AS port FROM pg_dist_node WHERE groupid = 1',
    );
    const input = {
      target: { ...database.target, port: worker!.port },
      expected: sensorsDistribution({ online: false }),
    };
    for (const verb of [tablesPlan, tablesApply, tablesVerify]) {
      await expect(verb(testContext(), input)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/this is the worker of node group 1, .*coordinator/) as string,
      });
    }
  });

  test('a plan that was made for another database is refused', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 10);
    const input = { target: database.target, expected: sensorsDistribution({ online: false }) };
    const reviewed = (await tablesPlan(testContext(), input)).document;
    await query(database.target, 'ALTER TABLE devices ADD COLUMN note text');
    await expect(tablesApply(testContext(), { ...input, reviewed })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/column note of table devices is new/) as string,
    });
    await query(database.target, 'ALTER TABLE devices DROP COLUMN note');
    await tablesApply(testContext(), { ...input, reviewed });
    expect(await wrongChecks(input.expected)).toEqual([]);
  });

  test('tables that turned local when somebody made a reference table first are distributed all the same', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await createSensors(database.target, 500);
    const expected = sensorsDistribution();
    // devices and events turn local with it, through their foreign keys.
    await query(database.target, "SELECT create_reference_table('device_types')");
    const before = await fingerprints(expected);
    const { document } = await tablesPlan(testContext(), { target: database.target, expected });
    expect(document.steps.find((step) => step.action === 'drop-foreign-key')?.sql.join()).toContain(
      'citus_add_local_table',
    );
    await tablesApply(testContext(), { target: database.target, expected });
    expect(await wrongChecks(expected, before)).toEqual([]);
  });
});
