import { createWideSchema, wideDistribution } from '../../scripts/bench/wide-schema';
import { withClient } from '../../scripts/lib/connection';
import { tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { testContext } from './support/sensors';

// What is held is computing, however long a busy machine takes for it.
jest.setTimeout(300_000);

const TABLES = 1_000;
const TIMES = 4;
/**
 * How many times as long as a schema of a quarter the whole one may take. Time that grows with the tables makes it 4, with their
 * square 16. Seconds would say how busy the machine is.
 */
const BOUND = 8;

platformSuite('a schema of 1,000 tables and 3,000 foreign keys', () => {
  const databases: TestDatabase[] = [];
  const sizes = [TABLES / TIMES, TABLES];
  beforeAll(async () => {
    for (const tables of sizes) {
      const database = await freshCitusDatabase({ workers: 0 });
      databases.push(database);
      await withClient(database.target, (client) => createWideSchema(client, tables));
    }
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.drop()));
  });

  test(`is planned in under ${String(BOUND)} times the computing of a quarter of it`, async () => {
    const least = sizes.map(() => Infinity);
    for (let run = 0; run < 3; run += 1) {
      for (const [index, tables] of sizes.entries()) {
        const database = databases[index];
        if (database === undefined) throw new Error('no database');
        const from = process.cpuUsage();
        const { document } = await tablesPlan(testContext(), {
          target: database.target,
          expected: wideDistribution(tables),
        });
        const { user, system } = process.cpuUsage(from);
        least[index] = Math.min(least[index] ?? Infinity, user + system);
        const of = (action: string): number => document.steps.filter((step) => step.action === action).length;
        expect(of('distribute')).toBe(tables);
        // Those of the first table to itself stay where they are.
        expect(of('drop-foreign-key')).toBe(3 * tables - 3);
        expect(of('restore-foreign-key')).toBe(3 * tables - 3);
      }
    }
    const [quarter = 0, whole = Infinity] = least;
    expect(whole / quarter).toBeLessThan(BOUND);
  });
});
