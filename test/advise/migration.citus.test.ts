import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDistribution } from '../../config/workload/distribution';
import { adviseDistribution } from '../../scripts/advise/commands';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { citusSuite, freshCitusDatabase } from '../support/citus';
import { scratchDirectory } from '../support/scratch';
import { query, testContext } from '../tables/support/sensors';
import { runMigrationFile, SCHEMA } from './migrations';

jest.setTimeout(120_000);

const scratch = scratchDirectory();

let database: TestDatabase;
afterEach(async () => {
  await database.drop();
});

citusSuite('a migration that advise writes', { workers: 2 }, () => {
  test('leads to a schema that is distributed with no word written by hand', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(target, SCHEMA);
    await query(target, 'ANALYZE');
    const migration = path.join(scratch, 'migration');
    await adviseDistribution(testContext(), { target, migration });
    for (const file of readdirSync(migration).filter((name) => name.endsWith('.sql'))) {
      await runMigrationFile(target, path.join(migration, file));
    }
    await query(target, 'ANALYZE');
    const out = path.join(scratch, 'migrated.yaml');
    const { document } = await adviseDistribution(testContext(), { target, out });
    expect(document.migration).toEqual([]);
    expect(document.changes.filter(({ blocking }) => blocking)).toEqual([]);

    const expected = parseDistribution(readFileSync(out, 'utf8'), out);
    const { outcome } = await tablesPlan(testContext(), { target, expected });
    expect(outcome).toBe('changes');
    await tablesApply(testContext(), { target, expected });
    const { document: verified } = await tablesVerify(testContext(), { target, expected });
    expect(verified.checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});
