import {
  CHOICES,
  DECIMALS,
  FLAGS,
  INTEGERS,
  READ_AT_START,
} from '../../../config/azure/server-parameter-list';
import { withClient } from '../../../scripts/lib/connection';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';

interface Setting {
  readonly name: string;
  readonly vartype: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly choices: readonly string[] | null;
  readonly context: string;
}

platformSuite('the list of server parameters, beside what the engine says', () => {
  let database: TestDatabase;
  const settings = new Map<string, Setting>();

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { rows } = await withClient(database.platform, (client) =>
      client.query<Setting>(
        `SELECT name, vartype, min_val::float8 AS from, max_val::float8 AS to, enumvals AS choices, context
           FROM pg_settings`,
      ),
    );
    for (const setting of rows) settings.set(setting.name, setting);
  });
  afterAll(() => database.drop());

  /** Citus leaves some of its own out of pg_settings, and extensions that are not loaded have none. */
  const visible = (names: readonly string[]): Setting[] => {
    const found = names.flatMap((name) => settings.get(name) ?? []);
    expect(found.length).toBeGreaterThan(names.length / 2);
    return found;
  };

  it('has their ranges', () => {
    for (const [kind, table] of Object.entries({ integer: INTEGERS, real: DECIMALS })) {
      for (const { name, vartype, from, to } of visible(Object.keys(table))) {
        const [smallest, largest] = table[name]!;
        expect([name, vartype, from, to! > 1e300 ? Infinity : to]).toEqual([name, kind, smallest, largest]);
      }
    }
  });

  it('has their choices', () => {
    for (const { name, choices } of visible(Object.keys(CHOICES))) {
      expect([name, [...choices!].sort()]).toEqual([name, [...CHOICES[name]!].sort()]);
    }
    for (const { name, vartype } of visible(FLAGS)) expect([name, vartype]).toEqual([name, 'bool']);
  });

  it('knows all that are read when the engine starts', () => {
    const all = [...FLAGS, ...Object.keys({ ...INTEGERS, ...DECIMALS, ...CHOICES })];
    const atStart = visible(all).filter(({ context }) => context === 'postmaster');
    expect(READ_AT_START).toEqual(expect.arrayContaining(atStart.map(({ name }) => name)));
  });
});
