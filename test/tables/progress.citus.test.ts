import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import { tablesApply } from '../../scripts/tables/commands';
import type { VerbContext } from '../../scripts/lib/verb';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

const ROWS = 100_000;

/** A context that notes what every progress was told. */
function watched(): VerbContext & { readonly seen: Record<string, number[]> } {
  const seen: Record<string, number[]> = {};
  const context = testContext();
  return {
    ...context,
    seen,
    reporter: {
      ...context.reporter,
      progress: (label) => {
        const updates = (seen[label] ??= []);
        return { update: (done) => updates.push(done), finish: () => undefined };
      },
    },
  };
}

platformSuite('the progress of a copy', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test('is seen there, sideways and back, whatever Citus calls the shards', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(
      target,
      `CREATE TABLE "Odd t" (id int PRIMARY KEY, note text); CREATE TABLE kinds (id int PRIMARY KEY, note text);
       INSERT INTO "Odd t" SELECT i, md5(i::text) FROM generate_series(1, ${String(ROWS)}) i; INSERT INTO kinds SELECT * FROM "Odd t"; ANALYZE;
       CREATE FUNCTION slowly(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
       ALTER TABLE "Odd t" ADD CONSTRAINT slowly CHECK (slowly(id)); ALTER TABLE kinds ADD CONSTRAINT slowly CHECK (slowly(id))`,
    );
    // In copies alone: half a minute of a large table, in seconds.
    await query(
      target,
      `CREATE OR REPLACE FUNCTION slowly(int) RETURNS boolean LANGUAGE plpgsql AS
         $$ BEGIN IF $1 % 100 = 0 THEN PERFORM pg_sleep(0.005); END IF; RETURN true; END $$`,
    );
    const spec = (shardCount: number, table: object, kinds: 'reference' | 'local'): Distribution => ({
      shardCount,
      online: false,
      tables: [{ table: named('Odd t'), ...table } as ExpectedTable, { kind: kinds, table: named('kinds') }],
    });
    const by = { kind: 'distributed', distributeBy: 'id' };
    for (const expected of [
      spec(2, by, 'reference'),
      spec(3, by, 'reference'),
      spec(3, { kind: 'local' }, 'local'),
    ]) {
      const context = watched();
      await tablesApply(context, { target, expected, compareRows: false });
      const copies = Object.entries(context.seen).filter(([label]) => !label.startsWith('counting'));
      expect(copies.length).toBeGreaterThan(0);
      for (const [label, updates] of copies) {
        // The last of them says that all is done, whatever was seen before.
        const total = updates.at(-1) ?? 0;
        const between = updates.slice(0, -1).filter((done) => done > 0 && done <= total);
        expect([label, between.length > 0]).toEqual([label, true]);
        if (/^(distribute|create)/.test(label)) expect(total).toBe(ROWS);
        else expect(total).toBeGreaterThan(ROWS * 40);
      }
    }
  });
});
