import { randomInt } from 'node:crypto';
import { withClient } from '../../scripts/lib/connection';
import { seededRandom } from '../../scripts/simulate/sample-draw';
import { localInOrder } from '../../scripts/simulate/schemas';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query } from '../tables/support/sensors';

jest.setTimeout(120_000);

const TABLES = Array.from({ length: 14 }, (_, table) => `t${String(table)}`);
const ROUNDS = 8;

/** Tables with up to three foreign keys each to any of them, some by way of two columns. */
function anyTables(random: () => number): { readonly tables: string; readonly keys: readonly string[] } {
  const any = (): string => TABLES[Math.floor(random() * TABLES.length)] ?? '';
  const keys = TABLES.flatMap((table) =>
    [0, 1, 2]
      .filter(() => random() < 0.3)
      .map((column) =>
        random() < 0.2
          ? `ALTER TABLE ${table} ADD FOREIGN KEY (k1, k2) REFERENCES ${any()} (other, id)`
          : `ALTER TABLE ${table} ADD FOREIGN KEY (k${String(column)}) REFERENCES ${any()}`,
      ),
  );
  const order = keys.map((sql) => ({ sql, by: random() })).sort((a, b) => a.by - b.by);
  return {
    tables: TABLES.map(
      (table) =>
        `CREATE TABLE ${table} (id int PRIMARY KEY, other int, k0 int, k1 int, k2 int, UNIQUE (other, id))`,
    ).join(';'),
    keys: order.map(({ sql }) => sql),
  };
}

platformSuite('tables that turn local with reference tables', () => {
  let database: TestDatabase;
  afterEach(() => database.drop());

  test('have their shards in the order that was foreseen', async () => {
    database = await freshCitusDatabase({ workers: 0 });
    let turned = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const seed = randomInt(2 ** 31);
      const random = seededRandom(seed);
      const { tables, keys } = anyTables(random);
      await query(database.target, tables);
      // As autovacuum does at any time: foreign keys made after it lie in gaps before those made earlier.
      for (const key of keys) {
        await query(database.target, key);
        if (random() < 0.2) await query(database.platform, 'VACUUM pg_depend');
      }
      const names = TABLES.filter(() => random() < 0.25);
      const references = names.map((name) => ({ schema: 'public', name }));
      const [first = ''] = names;
      // Some are asked about when a reference table is there already, with what it has turned local.
      if (round % 3 === 0 && first !== '') {
        await query(database.target, `SELECT create_reference_table('${first}')`);
      }
      const foreseen = await withClient(database.target, (client) => localInOrder(client, references, true));
      for (const name of round % 3 === 0 ? names.slice(1) : names) {
        await query(database.target, `SELECT create_reference_table('${name}')`);
      }
      const real = await query<{ name: string }>(
        database.target,
        'SELECT c.relname AS name FROM pg_dist_shard s JOIN pg_class c ON c.oid = s.logicalrelid ORDER BY s.shardid',
      );
      // A reference table that did not turn local before is no part of what is foreseen.
      const local = foreseen.map(({ name }) => name);
      const others = real
        .map(({ name }) => name)
        .filter((name) => local.includes(name) || !names.includes(name));
      expect({ seed, local }).toEqual({ seed, local: others });
      turned += local.length;
      await query(database.target, `DROP TABLE ${TABLES.join(', ')} CASCADE`);
    }
    expect(turned).toBeGreaterThan(ROUNDS);
  });
});
