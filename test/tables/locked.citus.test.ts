import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { InterruptedError } from '../../scripts/lib/errors';
import { rebalancePlan, rebalanceStatus } from '../../scripts/rebalance/commands';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { createSensors, query, sensorsDistribution, session, testContext } from './support/sensors';

jest.setTimeout(60_000);

citusSuite('reading beside an exclusive lock', { workers: 0 }, () => {
  const expected = sensorsDistribution({ online: false });
  let database: TestDatabase;
  let holder: Client;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 10);
    await query(
      database.target,
      "CREATE TABLE other (id int); SELECT create_distributed_table('other', 'id', shard_count := 4)",
    );
    holder = await session(database.target);
    await holder.query('BEGIN; LOCK TABLE events, other IN ACCESS EXCLUSIVE MODE');
  });
  afterAll(async () => {
    await holder.end();
    await database.drop();
  });

  const verbs = [tablesPlan, tablesVerify, tablesApply, rebalancePlan, rebalanceStatus];

  test('every verb names the session that holds it, soon', async () => {
    const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const locks = { timeoutMs: 100, longWorkTimeoutMs: 100, attempts: 1, pauseMs: 10 };
    const runs = verbs.map((verb) => verb(testContext(), { target: database.target, expected, locks }));
    for (const run of await Promise.allSettled(runs as Promise<unknown>[])) {
      expect(run).toMatchObject({
        status: 'rejected',
        reason: {
          exitCode: 1,
          message: expect.stringMatching(
            new RegExp(
              `within 5 s.*session ${String(rows[0]!.pid)}, ${database.target.user}, application "somebody", idle in transaction`,
            ),
          ) as string,
        },
      });
    }
  });

  test.each([tablesPlan, tablesVerify, rebalancePlan, rebalanceStatus])(
    '%p stops when asked',
    async (verb) => {
      let stop: () => void = () => undefined;
      const context = testContext((_line, ask) => {
        stop = ask;
      });
      context.reporter.event({ name: 'rows.counting' });
      const run = verb(context, { target: database.target, expected }) as Promise<unknown>;
      run.catch(() => undefined);
      await sleep(700);
      const from = performance.now();
      stop();
      await expect(run).rejects.toThrow(InterruptedError);
      await expect(run).rejects.toThrow('stopped as asked; nothing was changed');
      expect(performance.now() - from).toBeLessThan(1000);
    },
  );
});
