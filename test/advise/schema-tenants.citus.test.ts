import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDistribution } from '../../config/workload/distribution';
import { adviseDistribution } from '../../scripts/advise/commands';
import { tablesApply, tablesVerify } from '../../scripts/tables/commands';
import { taskCount } from '../../scripts/citus/task-count';
import { withClient } from '../../scripts/lib/connection';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { scratchDirectory } from '../support/scratch';
import { testContext } from '../tables/support/sensors';
import { createTenants, TENANTS } from '../tables/support/tenants';

jest.setTimeout(120_000);

const scratch = scratchDirectory();

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

citusSuite('advice for schemas of tenants', { workers: 2 }, () => {
  test('is a file that can be applied as it is, after which queries run where it said', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createTenants(database.target);
    const queries = [
      {
        name: 'one-tenant',
        sql: 'SELECT note, amount, k.name FROM tenant_1.orders JOIN tenant_1."Users" u ON u.id = user_id JOIN kinds k USING (kind_id)',
      },
      {
        name: 'two-tenants',
        sql: 'SELECT count(*) FROM tenant_1.orders JOIN "Tenant ""Two""".orders USING (id)',
      },
    ];
    const out = path.join(scratch, 'advised.yaml');
    const { document } = await adviseDistribution(testContext(), { target: database.target, queries, out });
    expect(document.schemas.map(({ schemas, tables }) => [schemas, tables])).toEqual([
      [[...TENANTS].sort(), ['Users', 'log', 'orders', 'settings']],
    ]);
    expect(document.tables.map(({ table, decision }) => [table, decision])).toEqual([['kinds', 'reference']]);
    expect(document.queries.map(({ name, route, tasks }) => [name, route, tasks])).toEqual([
      ['one-tenant', 'one-shard', 1],
      ['two-tenants', 'unknown', undefined],
    ]);

    const expected = parseDistribution(readFileSync(out, 'utf8'), out);
    await tablesApply(testContext(), { target: database.target, expected });
    const { document: verified } = await tablesVerify(testContext(), { target: database.target, expected });
    expect(verified.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await withClient(database.target, (client) => taskCount(client, queries[0]?.sql ?? ''))).toBe(1);
  });
});
