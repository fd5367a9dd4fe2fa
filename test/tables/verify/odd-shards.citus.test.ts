import { escapeIdentifier } from 'pg';
import { parseDistribution } from '../../../config/workload/distribution';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { query, testContext } from '../support/sensors';

jest.setTimeout(120_000);

/** As long as PostgreSQL lets a name be: with the number of a shard it is cut. */
const LONG = 'a_name_that_is_as_long_as_postgresql_lets_one_be_and_not_longer';
const READER = 'odd shards reader';

/** Whatever shards have that is written otherwise than on the table, so that nothing of it may count as a difference. */
const SCHEMA = `
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE kinds (id int PRIMARY KEY, parent int REFERENCES kinds, mood mood NOT NULL DEFAULT 'good');
CREATE TABLE visits_2024 (
  org int NOT NULL, id int NOT NULL, kind int REFERENCES kinds, note varchar(20) COLLATE "C", span int4range,
  mood mood, double int GENERATED ALWAYS AS (id * 2) STORED,
  PRIMARY KEY (org, id), UNIQUE (org, note) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT small CHECK (twice(id) < 1000000 AND mood <> 'bad'),
  CHECK (id > 0) NO INHERIT);
CREATE INDEX "o'clock on using" ON visits_2024 USING btree (lower(note) DESC, org) INCLUDE (kind) WHERE mood = 'good';
CREATE INDEX ON visits_2024 USING hash (note) WITH (fillfactor = 70);
CREATE TABLE "Visit ""lines""" (
  org int NOT NULL, id int NOT NULL, visit int, FOREIGN KEY (org, visit) REFERENCES visits_2024 ON DELETE CASCADE, PRIMARY KEY (org, id));
CREATE TABLE ${LONG} (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id), CHECK (id > 0));
CREATE INDEX ${LONG.slice(2)} ON ${LONG} (org, id) WHERE id > 7;
CREATE TABLE days (org int NOT NULL, day date NOT NULL, kind int REFERENCES kinds, PRIMARY KEY (org, day), CHECK (org > 0)) PARTITION BY RANGE (day);
CREATE TABLE days_2024 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE days_2025 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX ON days (day, org);
CREATE INDEX ON days_2025 (kind);
CREATE TABLE beside (id int PRIMARY KEY, kind int REFERENCES kinds);
ALTER TABLE visits_2024 ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON visits_2024 FOR SELECT TO :reader USING (org = current_setting('app.org')::int AND mood = 'good'::mood);
CREATE POLICY writes ON visits_2024 FOR INSERT WITH CHECK (twice(org) > 0);
ALTER TABLE kinds ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON kinds USING (true);
REVOKE DELETE ON kinds FROM citus;
GRANT SELECT ON visits_2024, kinds TO :reader WITH GRANT OPTION;
SET ROLE :reader;
GRANT SELECT ON visits_2024 TO PUBLIC;
RESET ROLE;
INSERT INTO kinds VALUES (1, 1);
INSERT INTO visits_2024 (org, id, kind) SELECT i, i, 1 FROM generate_series(1, 50) i`;

const SPECIFICATION = `shardCount: 4
online: false
tables:
  kinds: { reference: true }
  visits_2024: { distributeBy: org }
  '"Visit ""lines"""': { distributeBy: org, colocateWith: visits_2024 }
  ${LONG}: { distributeBy: org, colocateWith: visits_2024 }
  days: { distributeBy: org, colocateWith: visits_2024 }
`;

const POLICY = "(org = current_setting('app.org')::int AND mood = 'good'::mood)";

platformSuite('shards held against their table', () => {
  const expected = parseDistribution(SPECIFICATION, 'd.yaml');
  let database: TestDatabase;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    const reader = escapeIdentifier(READER);
    await query(
      database.platform,
      `DROP ROLE IF EXISTS ${reader}; CREATE ROLE ${reader}; GRANT ${reader} TO citus`,
    );
    await query(database.target, SCHEMA.replaceAll(':reader', reader));
    await tablesApply(testContext(), { target: database.target, expected });
  });
  afterAll(async () => {
    await database.drop();
    await query(
      { ...database.platform, database: 'postgres' },
      `DROP ROLE IF EXISTS ${escapeIdentifier(READER)}`,
    );
  });

  const odd = async (): Promise<string[]> => {
    const { document } = await tablesVerify(testContext(), { target: database.target, expected });
    return document.checks
      .filter(({ id }) => id.startsWith('shards:'))
      .map(({ id, detail }) => `${id} ${detail}`);
  };

  /** @param most how many placements of the table */
  const onShards = async (table: string, statement: string, most = 1000): Promise<void> => {
    const answers = await query<{ success: boolean; result: string }>(
      database.platform,
      `SELECT success, result
         FROM (SELECT * FROM citus_shards WHERE table_name = $1::regclass ORDER BY shardid LIMIT $3) s,
              LATERAL master_run_on_worker(ARRAY[nodename], ARRAY[nodeport],
                ARRAY[replace(replace($2, ':shard', shard_name), ':id', shardid::text)], true) r(name, port, success, result)`,
      [table, statement, most],
    );
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.filter(({ success }) => !success)).toEqual([]);
  };

  test('grants that default privileges give to shards alone are told, named, and revoked with the table', async () => {
    const on = 'ALTER DEFAULT PRIVILEGES IN SCHEMA public';
    const late = parseDistribution('online: false\ntables: { late: { distributeBy: org } }', 'd.yaml');
    const input = { target: database.target, expected: late };
    await query(
      database.target,
      `CREATE TABLE late (org int); ${on} GRANT SELECT, INSERT ON TABLES TO "${READER}"`,
    );
    try {
      const { document } = await tablesPlan(testContext(), input);
      expect(document.findings).toContainEqual({
        id: 'default-privileges:late',
        needs: 'none',
        allowed: true,
        message: expect.stringContaining(`give INSERT to "${READER}" and SELECT to "${READER}" on`) as string,
      });
      await tablesApply(testContext(), input);
      const named = await tablesVerify(testContext(), input);
      expect(named.document.checks.filter(({ ok }) => !ok)).toMatchObject([{ id: 'shards:late' }]);
      await query(database.target, `REVOKE SELECT, INSERT ON late FROM "${READER}"`);
      expect((await tablesVerify(testContext(), input)).document.ok).toBe(true);
    } finally {
      await query(database.target, `${on} REVOKE SELECT, INSERT ON TABLES FROM "${READER}"; DROP TABLE late`);
    }
  });

  test('shards as Citus makes and moves them are no difference', async () => {
    expect(await odd()).toEqual([]);
    await query(
      database.target,
      `SELECT citus_move_shard_placement(shardid, s.nodename, s.nodeport, n.nodename, n.nodeport, 'block_writes')
         FROM (SELECT * FROM citus_shards WHERE table_name = 'visits_2024'::regclass ORDER BY shardid LIMIT 1) s
         JOIN LATERAL (SELECT * FROM pg_dist_node n WHERE (n.nodename, n.nodeport) <> (s.nodename, s.nodeport) ORDER BY 1 LIMIT 1) n ON true`,
    );
    expect(await odd()).toEqual([]);
  });

  test.each<[string, string, string, string]>([
    [
      'row-level security',
      'visits_2024',
      'ALTER TABLE :shard DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE :shard ENABLE ROW LEVEL SECURITY',
    ],
    [
      'row-level security',
      'visits_2024',
      'ALTER POLICY own ON :shard USING (true)',
      `ALTER POLICY own ON :shard USING ${POLICY}`,
    ],
    [
      'row-level security',
      'kinds',
      'ALTER POLICY everybody ON :shard USING (id > 0)',
      'ALTER POLICY everybody ON :shard USING (true)',
    ],
    [
      'row-level security',
      'beside',
      'ALTER TABLE :shard ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE :shard DISABLE ROW LEVEL SECURITY',
    ],
    [
      'indexes',
      'visits_2024',
      `ALTER INDEX public."o'clock on using_:id" RENAME TO planted_:id; CREATE INDEX "o'clock on using_:id" ON :shard (id)`,
      `DROP INDEX public."o'clock on using_:id"; ALTER INDEX public.planted_:id RENAME TO "o'clock on using_:id"`,
    ],
    ['indexes', 'days_2025', 'CREATE INDEX planted_:id ON :shard (kind)', 'DROP INDEX public.planted_:id'],
    [
      'constraints',
      'visits_2024',
      'ALTER TABLE :shard DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (id < 5000)',
      "ALTER TABLE :shard DROP CONSTRAINT small, ADD CONSTRAINT small CHECK (public.twice(id) < 1000000 AND mood <> 'bad')",
    ],
    [
      'constraints',
      'visits_2024',
      'ALTER TABLE :shard DROP CONSTRAINT visits_2024_kind_fkey_:id',
      'ALTER TABLE :shard ADD CONSTRAINT visits_2024_kind_fkey_:id FOREIGN KEY (kind) REFERENCES :kinds',
    ],
    [
      'grants',
      'kinds',
      `REVOKE SELECT ON :shard FROM "${READER}"`,
      `GRANT SELECT ON :shard TO "${READER}" WITH GRANT OPTION`,
    ],
    ['grants', 'days_2024', 'GRANT TRUNCATE ON :shard TO PUBLIC', 'REVOKE TRUNCATE ON :shard FROM PUBLIC'],
    [
      'NOT NULL',
      'visits_2024',
      'ALTER TABLE :shard ALTER kind SET NOT NULL',
      'ALTER TABLE :shard ALTER kind DROP NOT NULL',
    ],
    [
      'columns',
      'visits_2024',
      'ALTER TABLE :shard ALTER span TYPE text',
      'ALTER TABLE :shard ALTER span TYPE int4range USING span::int4range',
    ],
    ['storage', 'beside', 'ALTER TABLE :shard SET UNLOGGED', 'ALTER TABLE :shard SET LOGGED'],
  ])('other %s on all shards of %s: %s', async (what, table, plant, mend) => {
    const [kinds] = await query<{ name: string }>(
      database.target,
      `SELECT shard_name AS name FROM citus_shards WHERE table_name = 'kinds'::regclass LIMIT 1`,
    );
    await onShards(table, plant);
    try {
      expect(await odd()).toEqual([expect.stringMatching(new RegExp(`^shards:${table} .*: ${what} of `))]);
    } finally {
      await onShards(table, mend.replace(':kinds', kinds?.name ?? ''));
    }
    expect(await odd()).toEqual([]);
  });

  test.each([
    ['ALTER TABLE :shard DISABLE TRIGGER ALL', 'ALTER TABLE :shard ENABLE TRIGGER ALL'],
    ['CREATE RULE planted AS ON INSERT TO :shard DO INSTEAD NOTHING', 'DROP RULE planted ON :shard'],
    ['ALTER TABLE :shard REPLICA IDENTITY NOTHING', 'ALTER TABLE :shard REPLICA IDENTITY DEFAULT'],
  ])('one shard alone: %s', async (plant, mend) => {
    await onShards('visits_2024', plant, 1);
    try {
      expect(await odd()).toEqual([
        expect.stringContaining(': triggers, rules or replica identity of public.visits_2024_'),
      ]);
    } finally {
      await onShards('visits_2024', mend, 1);
    }
  });
});
