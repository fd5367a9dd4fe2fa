import { SERVER_PARAMETERS } from '../../../config/azure/server-parameters';
import { withClient } from '../../../scripts/lib/connection';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';

interface Setting {
  readonly name: string;
  readonly setting: string;
  readonly vartype: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly choices: readonly string[] | null;
  readonly context: string;
}

platformSuite('the list of server parameters, beside what the engine says', () => {
  let database: TestDatabase;
  const settings = new Map<string, Setting>();
  let major = 0;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    const { rows } = await withClient(database.platform, (client) =>
      client.query<Setting>(
        `SELECT name, setting, vartype, min_val::float8 AS from, max_val::float8 AS to, enumvals AS choices, context
           FROM pg_settings`,
      ),
    );
    for (const setting of rows) settings.set(setting.name, setting);
    major = Math.floor(Number(settings.get('server_version_num')?.setting) / 10_000);
  });
  afterAll(() => database.drop());

  /** Citus leaves some of its own out of pg_settings, and extensions that are not loaded have none. */
  const visible = (names: readonly string[]): Setting[] => {
    const found = names.flatMap((name) => settings.get(name) ?? []);
    expect(found.length).toBeGreaterThan(names.length / 2);
    return found;
  };

  const named = [...SERVER_PARAMETERS.offered];

  it('has their ranges', () => {
    const types = { integer: 'integer', number: 'real' } as const;
    const ranges = new Map(
      named.flatMap(([name, each]) =>
        each.type === 'integer' || each.type === 'number' ? [[name, each] as const] : [],
      ),
    );
    for (const { name, vartype, from, to } of visible([...ranges.keys()])) {
      const range = ranges.get(name)!;
      // PostgreSQL 17 takes less for some; the service has 15 and 16.
      const least = major >= 17 ? Math.max(from!, range.from) : from;
      expect([name, vartype, least, to! > 1e300 ? Infinity : to]).toEqual([
        name,
        types[range.type],
        range.from,
        range.to,
      ]);
    }
  });

  it('has their choices', () => {
    const choices = new Map(
      named.flatMap(([name, each]) => (each.type === 'choice' ? [[name, each.values] as const] : [])),
    );
    for (const { name, choices: engine } of visible([...choices.keys()])) {
      expect([name, [...engine!].sort()]).toEqual([name, [...choices.get(name)!].sort()]);
    }
    const flags = named.flatMap(([name, { type }]) =>
      // PostgreSQL 18 lists what to log of a connection, and goes on taking on and off.
      type === 'flag' && !(major >= 18 && name === 'log_connections') ? [name] : [],
    );
    for (const { name, vartype } of visible(flags)) expect([name, vartype]).toEqual([name, 'bool']);
  });

  it('knows all that are read when the engine starts', () => {
    const atStart = visible([...SERVER_PARAMETERS.offered.keys()]).filter(
      ({ context }) => context === 'postmaster',
    );
    const known = named.flatMap(([name, { restart }]) => (restart ? [name] : []));
    expect(known).toEqual(expect.arrayContaining(atStart.map(({ name }) => name)));
  });
});
