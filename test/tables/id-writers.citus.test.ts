import type { Distribution } from '../../config/distribution-types';
import { tablesApply } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { freshOnlineDatabase } from './support/databases';
import { startIdWriters, wrongIds } from './support/id-writers';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

/** `visits` is in no specification: Citus converts it beside the reference table `kinds`. */
const SCHEMA = (id: string): string => `
CREATE TABLE kinds (kind_id int PRIMARY KEY);
INSERT INTO kinds VALUES (0), (1), (2), (3);
CREATE TABLE tickets (team_id bigint, ticket_id ${id}, raised bigint NOT NULL DEFAULT 0, PRIMARY KEY (team_id, ticket_id));
CREATE TABLE visits (visit_id ${id} PRIMARY KEY, kind_id int REFERENCES kinds, raised bigint NOT NULL DEFAULT 0);
INSERT INTO tickets (team_id) SELECT i % 10 FROM generate_series(1, 2000) i;
INSERT INTO visits (kind_id) SELECT i % 4 FROM generate_series(1, 2000) i`;

const expected = (online: boolean): Distribution => ({
  shardCount: 4,
  online,
  tables: [
    { kind: 'reference', table: named('kinds') },
    { kind: 'distributed', table: named('tickets'), distributeBy: 'team_id' },
  ],
});

const TICKETS = { table: 'tickets', id: 'ticket_id', by: 'team_id', value: 'raised' };
const VISITS = { table: 'visits', id: 'visit_id', by: 'kind_id', value: 'raised' };

platformSuite('ids that are handed out while tables apply is at work', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test.each([
    ['serial', true],
    ['bigserial', true],
    ['bigserial', false],
  ])('%s, online: %s: none is given twice, and every acknowledged write is there', async (id, online) => {
    database = await freshOnlineDatabase({ workers: 2 });
    const { target } = database;
    for (const statement of SCHEMA(id).split(';\n')) await query(target, statement);
    const stops = [TICKETS, VISITS].map((table) => startIdWriters(target, table, 3));
    const { document } = await tablesApply(testContext(), { target, expected: expected(online) });
    const written = await Promise.all(stops.map((stop) => stop()));
    for (const [place, table] of [TICKETS, VISITS].entries()) {
      expect(written[place]?.ids.length).toBeGreaterThan(20);
      expect(await wrongIds(target, table, written[place]!)).toEqual([]);
    }
    expect(document.sequences.map(({ table, same }) => [table, same])).toEqual([
      ['tickets', true],
      ['visits', true],
    ]);
  });
});
