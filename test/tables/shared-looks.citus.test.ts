import { Client } from 'pg';
import type { Distribution } from '../../config/workload/distribution-types';
import { wideDistribution, wideSchemaSql } from '../../scripts/bench/wide-schema';
import { tablesApply, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { query, session, testContext } from './support/sensors';

jest.setTimeout(120_000);

/** Two pairs of tables, each with a foreign key that has to go for a moment. */
const PAIRS = `
  CREATE TABLE a (tenant int, id int, PRIMARY KEY (tenant, id));
  CREATE TABLE b (tenant int, id int, a int, PRIMARY KEY (tenant, id), CONSTRAINT b_a FOREIGN KEY (tenant, a) REFERENCES a);
  CREATE TABLE c (tenant int, id int, PRIMARY KEY (tenant, id));
  CREATE TABLE d (tenant int, id int, c int, PRIMARY KEY (tenant, id), CONSTRAINT d_c FOREIGN KEY (tenant, c) REFERENCES c)`;

const distribution: Distribution = {
  shardCount: 4,
  online: false,
  tables: ['a', 'b', 'c', 'd'].map((name) => ({
    kind: 'distributed',
    table: { schema: 'public', name },
    distributeBy: 'tenant',
    ...(name === 'a' ? {} : { colocateWith: { schema: 'public', name: 'a' } }),
  })),
};

const DISTRIBUTES_C = /create_distributed_table.*\bc\b/;

citusSuite('steps, several of which go by one look', { workers: 0 }, () => {
  let database: TestDatabase;
  let somebody: Client;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    somebody = await session(database.target);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await somebody.end();
    await database.drop();
  });

  /** Has every statement go through `stand`, which answers what is sent in its place. */
  const intercept = (stand: (sql: string) => Promise<string> | string): void => {
    const { query: send } = Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
    jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
      const [sql, ...values] = args;
      if (typeof sql !== 'string' || this === somebody) return send.apply(this, args) as never;
      const instead = stand(sql);
      return (
        typeof instead === 'string'
          ? send.apply(this, [instead, ...values])
          : instead.then((text) => send.apply(this, [text, ...values]))
      ) as never;
    });
  };
  /** Sends a statement of somebody else's just before a run distributes table c for the first time. */
  const beforeTableC = (statement: string): void => {
    let sent = false;
    intercept(async (sql) => {
      if (!sent && DISTRIBUTES_C.test(sql)) {
        sent = true;
        await somebody.query(statement);
      }
      return sql;
    });
  };
  const applyByOneLook = (context = testContext()) =>
    tablesApply(context, { target: database.target, expected: distribution, lookLastsMs: 600_000 });

  const wrongChecks = async (expected: Distribution): Promise<unknown[]> => {
    const { document } = await tablesVerify(testContext(), { target: database.target, expected });
    return document.checks.filter(({ ok }) => !ok);
  };

  test('many tables take far fewer looks than steps', async () => {
    const tables = 12;
    await query(database.target, wideSchemaSql(tables).join(';'));
    const expected = { ...wideDistribution(tables), shardCount: 4 };
    const queries = jest.spyOn(Client.prototype, 'query');
    const { document } = await tablesApply(testContext(), { target: database.target, expected });
    const looks = queries.mock.calls.filter(([text]) => /^BEGIN .* READ ONLY$/.test(text)).length;
    expect(document.applied.length).toBeGreaterThan(8 * tables);
    expect(looks).toBeLessThan(document.applied.length / 4);
    expect(await wrongChecks(expected)).toEqual([]);
  });

  test('one that somebody else did meanwhile is looked at again, and not asked for', async () => {
    await query(database.target, PAIRS);
    const context = testContext((event) => {
      if (event.name === 'plan.ready') void somebody.query('BEGIN; ALTER TABLE d DROP CONSTRAINT d_c');
      if (event.name === 'step.done' && event.step.startsWith('drop-foreign-key:b'))
        setTimeout(() => void somebody.query('COMMIT'), 300);
    });
    const { document } = await tablesApply(context, {
      target: database.target,
      expected: distribution,
      compareRows: false,
    });
    const ids = document.applied.map(({ id }) => id);
    expect(ids).toContain('restore-foreign-key:b:b_a');
    expect(ids.filter((id) => id.includes('d_c'))).toEqual([]);
    expect(await wrongChecks(distribution)).toEqual([]);
    expect(
      await query(database.target, "SELECT conname FROM pg_constraint WHERE conname IN ('b_a', 'd_c')"),
    ).toEqual([{ conname: 'b_a' }]);
  });

  test('one that leaves no trace is not done for ever, and named', async () => {
    await query(database.target, PAIRS);
    intercept((sql) => (sql.includes('DROP CONSTRAINT "b_a"') ? 'SELECT 1' : sql));
    await expect(
      tablesApply(testContext(), { target: database.target, expected: distribution }),
    ).rejects.toThrow(/step drop-foreign-key:b:b_a succeeded but had no effect/);
  });

  test('a table that somebody else distributes meanwhile is looked at again, and not asked for', async () => {
    await query(database.target, PAIRS);
    beforeTableC("SELECT create_distributed_table('c', 'tenant', colocate_with => 'a')");
    const { document } = await applyByOneLook();
    const ids = document.applied.map(({ id }) => id);
    expect(ids).not.toContain('distribute:c');
    expect(ids).toContain('restore-foreign-key:d:d_c');
    expect(await wrongChecks(distribution)).toEqual([]);
  });

  test('what cannot be distributed any more is refused with what the look finds, and goes on once that is gone', async () => {
    await query(database.target, PAIRS);
    beforeTableC('ALTER TABLE c ADD CONSTRAINT only_once UNIQUE (id)');
    await expect(applyByOneLook()).rejects.toThrow(/only_once.*\d+ steps are done/s);
    jest.restoreAllMocks();
    await query(database.target, 'ALTER TABLE c DROP CONSTRAINT only_once');
    await applyByOneLook();
    expect(await wrongChecks(distribution)).toEqual([]);
  });

  test('a step that still fails after a look is not tried a third time', async () => {
    await query(database.target, PAIRS);
    let tries = 0;
    intercept((sql) => {
      if (!DISTRIBUTES_C.test(sql)) return sql;
      tries += 1;
      return 'SELECT 1 / 0';
    });
    const context = testContext();
    await expect(applyByOneLook(context)).rejects.toThrow(
      /step distribute:c failed: division by zero.*Done before it: .*distribute:a/s,
    );
    expect(tries).toBe(2);
    expect(context.events.filter(({ name }) => name === 'step.rechecking')).toEqual([
      { name: 'step.rechecking', step: 'distribute:c', message: 'division by zero. (SQLSTATE 22012)' },
    ]);
    jest.restoreAllMocks();
    await applyByOneLook();
    expect(await wrongChecks(distribution)).toEqual([]);
  });

  test('a copy that failed after long is not begun again', async () => {
    await query(database.target, PAIRS);
    const now = performance.now.bind(performance);
    let tries = 0;
    intercept((sql) => {
      if (!DISTRIBUTES_C.test(sql)) return sql;
      tries += 1;
      jest.spyOn(performance, 'now').mockImplementation(() => now() + 11_000);
      return 'SELECT nothing';
    });
    await expect(applyByOneLook()).rejects.toThrow(
      /step distribute:c failed: column "nothing" does not exist/,
    );
    expect(tries).toBe(1);
  });

  test('before a table is made anew there is a look, which finds what somebody added meanwhile', async () => {
    await query(database.target, PAIRS);
    await applyByOneLook();
    const all = { ...distribution, shardCount: 8 };
    let dropped = 0;
    intercept(async (sql) => {
      if (sql.includes('DROP CONSTRAINT')) dropped += 1;
      // There is a look after the first step of a run in any case.
      if (dropped === 2 && sql.includes('DROP CONSTRAINT')) {
        await somebody.query(
          'ALTER TABLE c ADD CONSTRAINT c_a FOREIGN KEY (tenant, id) REFERENCES a (tenant, id)',
        );
      }
      return sql;
    });
    await tablesApply(testContext(), { target: database.target, expected: all, lookLastsMs: 600_000 });
    expect(dropped).toBe(3);
    expect(await wrongChecks(all)).toEqual([]);
    expect(
      await query(
        database.target,
        "SELECT conname FROM pg_constraint WHERE conname IN ('b_a', 'd_c', 'c_a') ORDER BY 1",
      ),
    ).toEqual([{ conname: 'b_a' }, { conname: 'c_a' }, { conname: 'd_c' }]);
  });
});
