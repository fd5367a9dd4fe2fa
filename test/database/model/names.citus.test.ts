import { parseDistribution } from '../../../config/workload/distribution';
import { withClient } from '../../../scripts/lib/connection';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import { fingerprintTables } from '../../../scripts/database/observe/fingerprint';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { query, testContext } from '../../tables/support/sensors';

jest.setTimeout(120_000);

/** As long as PostgreSQL keeps a name, and alike up to the last byte: whatever is appended has to be cut off. */
const LONG = `t${'x'.repeat(62)}`;
const TWIN = `t${'x'.repeat(61)}y`;
const WIDE_LETTERS = `c${'ä'.repeat(31)}`;

const SCHEMA = `
CREATE SCHEMA other;
CREATE SCHEMA "other.one";
CREATE TABLE "other.one".two (id int PRIMARY KEY);
CREATE TABLE other."one.two" (id int PRIMARY KEY);
CREATE TABLE "other.events" (id int PRIMARY KEY);
CREATE TABLE events (id int PRIMARY KEY, tenant int NOT NULL);
CREATE TABLE other.events (id int PRIMARY KEY, tenant int);
CREATE TABLE "Events" ("Id" int PRIMARY KEY);
CREATE TABLE "order" ("user" int NOT NULL, "select" int PRIMARY KEY, "primary" text);
CREATE TABLE "b\\a'ck""sl.ash" ("c\\o'l""u.mn" int, id int, PRIMARY KEY (id));
CREATE TABLE ${LONG} (id int PRIMARY KEY, "${WIDE_LETTERS}" int);
CREATE TABLE ${TWIN} (id int PRIMARY KEY, "${WIDE_LETTERS}" int);
CREATE TABLE nothing ();
CREATE TABLE empty (id int PRIMARY KEY, tenant int);
INSERT INTO events SELECT i, i % 7 FROM generate_series(1, 50) i;
INSERT INTO other.events SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO "Events" SELECT generate_series(1, 30);
INSERT INTO "order" SELECT i, i FROM generate_series(1, 10) i;
INSERT INTO "b\\a'ck""sl.ash" SELECT i, i FROM generate_series(1, 10) i;
INSERT INTO ${LONG} SELECT i, i FROM generate_series(1, 10) i;
INSERT INTO ${TWIN} SELECT i, i + 1 FROM generate_series(1, 11) i;
INSERT INTO nothing DEFAULT VALUES;
`;

const SPECIFICATION = `
shardCount: 4
online: false
tables:
  events: { distributeBy: tenant, primaryKey: [tenant, id] }
  other.events: { reference: true }
  '"Events"': { distributeBy: '"Id"' }
  order: { distributeBy: user, primaryKey: [user, select] }
  '"b\\a''ck""sl.ash"': { distributeBy: '"c\\o''l""u.mn"', primaryKey: ['"c\\o''l""u.mn"', id] }
  ${LONG}: { distributeBy: ${WIDE_LETTERS}, primaryKey: [${WIDE_LETTERS}, id] }
  ${TWIN}: { distributeBy: ${WIDE_LETTERS}, primaryKey: [${WIDE_LETTERS}, id], colocateWith: ${LONG} }
  '"other.one".two': { distributeBy: id }
  other."one.two": { distributeBy: id }
  '"other.events"': { distributeBy: id }
  nothing: { reference: true }
  empty: { distributeBy: tenant, primaryKey: [tenant, id] }
`;

platformSuite('tables of every name', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test('are told apart, quoted, and never cut short', async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const { target } = database;
    await query(target, SCHEMA);
    const expected = parseDistribution(SPECIFICATION, 'distribution.yaml');
    const tables = expected.tables.map(({ table }) => table);
    const expectedFingerprints = await withClient(target, (client) => fingerprintTables(client, tables));

    const { document } = await tablesApply(testContext(), { target, expected });
    expect(new Set(document.applied.map((step) => step.id)).size).toBe(document.applied.length);
    const verified = await tablesVerify(testContext(), { target, expected, expectedFingerprints });
    expect(verified.document.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect((await tablesPlan(testContext(), { target, expected })).document.steps).toEqual([]);
    const kept = await query(
      target,
      `SELECT relname AS name FROM pg_class WHERE relname ~ '^scaleout_' UNION ALL SELECT conname FROM pg_constraint WHERE conname ~ '^scaleout_'`,
    );
    expect(kept).toEqual([]);
  });
});
