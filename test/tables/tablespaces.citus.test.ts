import { randomUUID } from 'node:crypto';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, session, testContext } from './support/sensors';

jest.setTimeout(120_000);

const expected = parseDistribution(
  'shardCount: 4\nonline: false\ntables:\n  inside: { distributeBy: tenant_id }\n  outside: { distributeBy: tenant_id }\n',
  'd.yaml',
);

platformSuite('tables in tablespaces', () => {
  test('what leaves its tablespace, and what needs one on every node, is named and needs an allowance', async () => {
    const database = await freshCitusDatabase({ workers: 0 });
    const { target, platform } = database;
    const name = `space_${randomUUID().slice(0, 8)}`;
    const admin = await session(platform);
    try {
      await admin.query('SET allow_in_place_tablespaces TO on');
      await admin.query(`CREATE TABLESPACE ${name} LOCATION ''`);
      await admin.query(`GRANT CREATE ON TABLESPACE ${name} TO citus`);
      await query(
        target,
        `CREATE TABLE inside (tenant_id int PRIMARY KEY) TABLESPACE ${name};
         CREATE TABLE outside (tenant_id int PRIMARY KEY USING INDEX TABLESPACE ${name})`,
      );
      const { findings } = (await tablesPlan(testContext(), { target, expected })).document;
      expect(findings).toMatchObject([
        {
          id: 'tablespace:inside',
          needs: 'allowance',
          message: expect.stringMatching(/^the rows of inside leave tablespace space_\w+: Citus/) as string,
        },
        {
          id: 'tablespace:outside',
          needs: 'allowance',
          message: expect.stringMatching(
            /^indexes of outside stay in space_\w+, also those of its shards/,
          ) as string,
        },
      ]);
      await tablesApply(testContext(), { target, expected, allow: findings.map(({ id }) => ({ id })) });
      await admin.query('SET citus.override_table_visibility TO off');
      const { rows: shards } = await admin.query(
        `SELECT DISTINCT regexp_replace(relname, '_\\d+$', '') AS table, reltablespace <> 0 AS "inTablespace"
           FROM pg_class WHERE relname ~ '^(inside|outside_pkey)_\\d+$' ORDER BY 1`,
      );
      expect(shards).toEqual([
        { table: 'inside', inTablespace: false },
        { table: 'outside_pkey', inTablespace: true },
      ]);
    } finally {
      await database.drop();
      await admin.end().catch(() => undefined);
      await query({ ...platform, database: 'postgres' }, `DROP TABLESPACE ${name}`);
    }
  });
});
