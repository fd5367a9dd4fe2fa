import type { RunEvent } from '../../scripts/lib/events';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../scripts/lib/connection';
import { InterruptedError } from '../../scripts/lib/errors';
import { tablesApply, tablesVerify } from '../../scripts/tables/commands';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { freshOnlineDatabase } from './support/databases';
import { createSensors, query, sensorsDistribution, session, testContext } from './support/sensors';
import { slowCopy } from './support/slow-copy';
import { testEnvironment } from '../support/environment';

jest.setTimeout(180_000);

const CHILD = path.join(__dirname, 'support', 'apply-child.js');
const expected = sensorsDistribution();

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

/** Every foreign key of the schema is in force or written down, whatever the moment. */
async function foreignKeysKept(): Promise<string[]> {
  const live = await query<{ name: string }>(
    database.target,
    `SELECT conname AS name FROM pg_constraint
      WHERE contype = 'f' AND conrelid IN ('devices'::regclass, 'events'::regclass)`,
  );
  const [record] = await query<{ there: boolean }>(
    database.target,
    "SELECT to_regclass('scaleout.dropped_foreign_key') IS NOT NULL AS there",
  );
  const written =
    record?.there === true
      ? await query<{ name: string }>(
          database.target,
          'SELECT constraint_name AS name FROM scaleout.dropped_foreign_key',
        )
      : [];
  return [...new Set([...live, ...written].map((row) => row.name))].sort();
}

const ALL = ['devices_device_type_id_fkey', 'events_device_id_fkey'];

/** Runs `tables apply` again, waiting while the session of the killed run still notices that it is alone. */
async function finish(): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await tablesApply(testContext(), { target: database.target, expected });
      return;
    } catch (error) {
      if (attempt > 60 || !(error instanceof Error) || !/another "tables" run/.test(error.message))
        throw error;
      await sleep(250);
    }
  }
}

async function rows(): Promise<Awaited<ReturnType<typeof fingerprintTables>>> {
  return withClient(database.target, (client) =>
    fingerprintTables(
      client,
      expected.tables.map((each) => each.table),
    ),
  );
}

async function expectVerified(before: Awaited<ReturnType<typeof rows>>): Promise<void> {
  const { document } = await tablesVerify(testContext(), {
    target: database.target,
    expected,
    expectedFingerprints: before,
  });
  expect(document.checks.filter((check) => !check.ok)).toEqual([]);
}

platformSuite('tables apply, broken off', () => {
  test('after every single step, by the person', async () => {
    database = await freshOnlineDatabase({ workers: 0 });
    await createSensors(database.target, 500);
    const before = await rows();
    let runs = 0;
    for (let finished = false; !finished; runs += 1) {
      const context = testContext((event, stop) => {
        if (event.name === 'step.done') stop();
      });
      try {
        await tablesApply(context, { target: database.target, expected });
        finished = true;
      } catch (error) {
        expect((error as Error).message).toMatch(/^stopped as asked: .*Run the same command again/);
      }
      expect(await foreignKeysKept()).toEqual(ALL);
      expect(await rows()).toEqual(before);
      expect(runs).toBeLessThan(20);
    }
    // Ten steps, each the last of its run, and a run that only compares what was recorded before the first.
    expect(runs).toBe(11);
    await expectVerified(before);
  });

  test.each(['build-key-index:events', 'distribute:events'])(
    'in the middle of %s, by the person',
    async (moment) => {
      database = await freshOnlineDatabase({ workers: 0 });
      await createSensors(database.target, 60_000);
      const before = await rows();
      const context = testContext((event, stop) => {
        if (event.name === 'step.started' && event.step === moment) setTimeout(stop, 60);
      });
      await expect(tablesApply(context, { target: database.target, expected })).rejects.toThrow(
        /^stopped as asked/,
      );
      expect(await foreignKeysKept()).toEqual(ALL);
      await finish();
      await expectVerified(before);
    },
  );

  /** Asks for a stop some moments after an event, and says how long the run took to end after that. */
  async function secondsToStop(after: (event: RunEvent) => boolean, input: object): Promise<number> {
    let asked = Infinity;
    const context = testContext((event, stop) => {
      if (!after(event)) return;
      setTimeout(() => {
        asked = performance.now();
        stop();
      }, 700);
    });
    const run = tablesApply(context, { target: database.target, expected, ...input });
    await expect(run).rejects.toThrow(InterruptedError);
    await expect(run).rejects.toThrow(
      /^stopped as asked: (nothing was changed|no step is done|\d+ steps? (is|are) done .*) and \d+ steps? left, from .*Run the same command again/,
    );
    return (performance.now() - asked) / 1000;
  }

  test('while it waits for a lock, by the person', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 10);
    const holder = await session(database.target);
    await holder.query('BEGIN; LOCK TABLE events IN ROW EXCLUSIVE MODE');
    expect(await secondsToStop(({ name }) => name === 'plan.ready', {})).toBeLessThan(2);
    await holder.end();
  });

  test.each([false, true])('in the middle of a copy (online: %s), by the person', async (online) => {
    database = await freshOnlineDatabase({ workers: 2 });
    await createSensors(database.target, 10);
    await slowCopy(database.target);
    const before = await rows();
    const input = { expected: sensorsDistribution({ online }) };
    const copying = (event: RunEvent): boolean =>
      event.name === 'step.started' && event.step === 'distribute:devices';
    expect(await secondsToStop(copying, input)).toBeLessThan(2);
    expect(await foreignKeysKept()).toEqual(ALL);
    expect(await rows()).toEqual(before);
    await query(database.target, 'ALTER TABLE devices DROP CONSTRAINT slowly');
    await finish();
    await expectVerified(before);
    await query(database.platform, 'CALL citus_cleanup_orphaned_resources()');
  });

  test('by a server that ends the session, at several moments', async () => {
    database = await freshOnlineDatabase({ workers: 0 });
    await createSensors(database.target, 20_000);
    const before = await rows();
    for (const delay of [20, 60, 120, 300, 700, 1500]) {
      const run = tablesApply(testContext(), { target: database.target, expected }).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      await sleep(delay);
      await query(
        database.platform,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'scaleout tables apply'",
      );
      const error = await run;
      if (error !== undefined && !/another "tables" run/.test(error.message)) {
        expect(error.message).toMatch(/was lost in the middle of the work|cannot connect/);
      }
      expect(await foreignKeysKept()).toEqual(ALL);
    }
    await finish();
    await expectVerified(before);
  });

  test('by SIGKILL, at several moments', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    await createSensors(database.target, 20_000);
    const before = await rows();
    let killed = 0;
    for (const delay of [30, 150, 500, 1500]) {
      const child = spawn(process.execPath, [CHILD, JSON.stringify({ target: database.target, expected })], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: testEnvironment(),
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => {
        child.on('exit', (_code, signal) => {
          resolve(signal);
        });
      });
      await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
      await sleep(delay);
      child.kill('SIGKILL');
      if ((await ended) === 'SIGKILL') killed += 1;
      expect(await foreignKeysKept()).toEqual(ALL);
    }
    expect(killed).toBeGreaterThan(0);
    await finish();
    await expectVerified(before);
  });
});
