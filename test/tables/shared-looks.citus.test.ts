import { Client } from 'pg';
import type { Distribution } from '../../config/distribution-types';
import { wideDistribution, wideSchemaSql } from '../../scripts/bench/wide-schema';
import { tablesApply, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
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

platformSuite('small steps, several of which go by one look', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await database.drop();
  });

  const wrongChecks = async (expected: Distribution): Promise<unknown[]> => {
    const { document } = await tablesVerify(testContext(), { target: database.target, expected });
    return document.checks.filter(({ ok }) => !ok);
  };

  test('the foreign keys of many tables take far fewer looks than steps', async () => {
    const tables = 12;
    await query(database.target, wideSchemaSql(tables).join(';'));
    const expected = { ...wideDistribution(tables), shardCount: 4 };
    const queries = jest.spyOn(Client.prototype, 'query');
    const { document } = await tablesApply(testContext(), { target: database.target, expected });
    const looks = queries.mock.calls.filter(([text]) => /^BEGIN .* READ ONLY$/.test(text)).length;
    expect(document.applied.length).toBeGreaterThan(8 * tables);
    expect(looks).toBeLessThan(document.applied.length / 2);
    expect(await wrongChecks(expected)).toEqual([]);
  });

  test('one that somebody else did meanwhile is looked at again, and not asked for', async () => {
    await query(database.target, PAIRS);
    const somebody = await session(database.target);
    const context = testContext((line) => {
      if (/^\d+ steps to/.test(line)) void somebody.query('BEGIN; ALTER TABLE d DROP CONSTRAINT d_c');
      if (line.startsWith('drop-foreign-key:b')) setTimeout(() => void somebody.query('COMMIT'), 300);
    });
    const { document } = await tablesApply(context, {
      target: database.target,
      expected: distribution,
      compareRows: false,
    });
    await somebody.end();
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
    const { query: send } = Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
    jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
      const dropped = String(args[0]).includes('DROP CONSTRAINT "b_a"');
      return send.apply(this, dropped ? ['SELECT 1'] : args) as never;
    });
    await expect(
      tablesApply(testContext(), { target: database.target, expected: distribution }),
    ).rejects.toThrow(/step drop-foreign-key:b:b_a ran without an error and the database does not show it/);
  });
});
