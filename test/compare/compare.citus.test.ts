import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { escapeIdentifier } from 'pg';
import { compare } from '../../scripts/compare/commands';
import type { CompareDocument } from '../../scripts/compare/decide';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { createDatabase, dropDatabase } from '../../scripts/local/engines/platform';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { scaleout } from '../support/command-line';
import { withVariables } from '../support/environment';
import { scratchDirectory } from '../support/scratch';
import { testCluster, testLogin } from '../support/test-cluster';
import { query, testContext } from '../tables/support/sensors';

jest.setTimeout(300_000);

const scratch = scratchDirectory();

const SCHEMA = `
CREATE SCHEMA sales;
CREATE TYPE public.mood AS ENUM ('calm', 'busy');
CREATE DOMAIN public.percentage AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE public.pair AS (a int, b text);
CREATE SEQUENCE public.tickets START 5;
CREATE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE TABLE gyms (gym_id int PRIMARY KEY, name text NOT NULL, load percentage, opened timestamptz DEFAULT now());
CREATE TABLE checkins (
  gym_id int NOT NULL REFERENCES gyms, id bigserial, at timestamptz NOT NULL, mood mood, note text,
  weight float8, tags text[], PRIMARY KEY (gym_id, id), CONSTRAINT short CHECK (length(note) < 100));
CREATE INDEX checkins_at ON checkins (at) WHERE note IS NOT NULL;
CREATE TABLE plans (code text PRIMARY KEY, price numeric(8, 2));
CREATE TABLE sales.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
CREATE TABLE entries (tenant int NOT NULL, day date NOT NULL, value int) PARTITION BY RANGE (day);
CREATE TABLE entries_1 PARTITION OF entries FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE entries_2 (value int, day date NOT NULL, tenant int NOT NULL);
ALTER TABLE entries ATTACH PARTITION entries_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE letters (tenant int NOT NULL, body text);
ALTER TABLE letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_letters ON letters FOR SELECT USING (tenant = 1);
CREATE STATISTICS checkins_stats ON gym_id, at FROM checkins;
ALTER TABLE checkins ALTER note SET STATISTICS 500;
CREATE VIEW busy AS SELECT gym_id, count(*) FROM checkins GROUP BY gym_id;
CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', at) AS month, count(*) FROM checkins GROUP BY 1;
CREATE PUBLICATION changes FOR TABLE gyms;
CREATE TABLE plain_note (id int, body text);
CREATE TABLE elder (id int); CREATE TABLE heir (more int) INHERITS (elder);
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE alike (id int PRIMARY KEY, n numeric, f double precision, r real, i interval, j jsonb, t text COLLATE nocase);
`;

/** Comments, which Citus itself forgets when it distributes a table, and rows. */
const ROWS = `
COMMENT ON TABLE checkins IS 'who came';
COMMENT ON COLUMN checkins.note IS 'free text';
INSERT INTO gyms SELECT i, 'gym ' || i, i % 100, '2026-01-01' FROM generate_series(1, 50) i;
INSERT INTO checkins (gym_id, at, mood, note, weight, tags)
  SELECT 1 + i % 50, '2026-01-01'::timestamptz + i * interval '1 minute', CASE i % 2 WHEN 0 THEN 'calm' ELSE 'busy' END::mood, 'note ' || i, i / 7.0, ARRAY['a', i::text]
    FROM generate_series(1, 2000) i ORDER BY i;
INSERT INTO plans VALUES ('basic', 9.90), ('pro', 19);
INSERT INTO sales.orders (what) SELECT 'order ' || i FROM generate_series(1, 20) i;
INSERT INTO entries SELECT i % 10, '2026-01-01'::date + i % 50, i FROM generate_series(1, 500) i;
INSERT INTO letters SELECT i % 5, 'letter ' || i FROM generate_series(1, 100) i;
INSERT INTO plain_note VALUES (1, 'one');
INSERT INTO alike VALUES (1, 1.0, 0, 0, '1 mon', '{"a": 3}', 'abc');
REFRESH MATERIALIZED VIEW monthly;
`;

const DISTRIBUTE = `
SET citus.shard_count = 8;
SELECT create_reference_table('gyms');
SELECT create_distributed_table('checkins', 'gym_id');
SELECT create_reference_table('plans');
SELECT create_distributed_table('entries', 'tenant');
SELECT create_distributed_table('letters', 'tenant');
SELECT create_distributed_table('alike', 'id', colocate_with := 'none');
`;

const QUERIES = [
  { name: 'busiest', sql: 'SELECT gym_id, count(*) FROM checkins GROUP BY 1' },
  { name: 'one-gym', sql: 'SELECT * FROM checkins WHERE gym_id = 28' },
  { name: 'double', sql: 'SELECT twice(21)' },
];

type SideName = 'from' | 'to';

interface Plant {
  readonly name: string;
  /** The distributed database is `from`. */
  readonly on: SideName;
  readonly plant: string;
  readonly undo: string;
  /** `kind object: part` of every difference that comes of it. */
  readonly found: readonly string[];
  /** As a superuser. */
  readonly platform?: true;
}

const PLANTS: readonly Plant[] = [
  {
    name: 'a row that is gone',
    on: 'to',
    plant: 'DELETE FROM plain_note',
    undo: "INSERT INTO plain_note VALUES (1, 'one')",
    found: ['rows table plain_note'],
  },
  {
    name: 'a row that is more, of a distributed table',
    on: 'from',
    plant: "INSERT INTO letters VALUES (3, 'one more')",
    undo: "DELETE FROM letters WHERE body = 'one more'",
    found: ['rows table letters'],
  },
  {
    name: 'a value that is another, of a distributed table',
    on: 'to',
    plant: "UPDATE checkins SET note = 'changed' WHERE id = 77",
    undo: "UPDATE checkins SET note = 'note 77' WHERE id = 77",
    found: ['answer query one-gym', 'rows table checkins'],
  },
  {
    name: 'a value that is NULL',
    on: 'from',
    plant: "UPDATE plans SET price = NULL WHERE code = 'pro'",
    undo: "UPDATE plans SET price = 19 WHERE code = 'pro'",
    found: ['rows table plans'],
  },
  ...[
    ['n', '1.00', '1.0'],
    ['f', "'-0'", '0'],
    ['r', "'-0'", '0'],
    ['i', "'30 days'", "'1 mon'"],
    ['j', `'{"a": 3.0}'`, `'{"a": 3}'`],
    ['t', "'ABC'", "'abc'"],
  ].map(([column = '', plant = '', undo = '']): Plant => ({
    name: `a value that is equal and not the same: ${column} = ${plant}`,
    on: 'from',
    plant: `UPDATE alike SET ${column} = ${plant}`,
    undo: `UPDATE alike SET ${column} = ${undo}`,
    found: ['rows table alike'],
  })),
  {
    name: 'two rows that swapped a value',
    on: 'to',
    plant: 'UPDATE entries SET value = CASE value WHEN 3 THEN 13 ELSE 3 END WHERE value IN (3, 13)',
    undo: 'UPDATE entries SET value = CASE value WHEN 3 THEN 13 ELSE 3 END WHERE value IN (3, 13)',
    found: ['rows table entries'],
  },
  {
    name: 'a table that is more',
    on: 'to',
    plant: 'CREATE TABLE extra (id int)',
    undo: 'DROP TABLE extra',
    found: ['table table extra'],
  },
  {
    name: 'a table that is missing',
    on: 'from',
    plant: 'ALTER TABLE plain_note RENAME TO plain_notes',
    undo: 'ALTER TABLE plain_notes RENAME TO plain_note',
    found: ['table table plain_note', 'table table plain_notes'],
  },
  {
    name: 'a column that is more',
    on: 'to',
    plant: 'ALTER TABLE plans ADD extra int',
    undo: 'ALTER TABLE plans DROP extra',
    found: ['column table plans: column extra'],
  },
  {
    name: 'a column of another type',
    on: 'to',
    plant: 'ALTER TABLE plans ALTER price TYPE numeric(9, 2)',
    undo: 'ALTER TABLE plans ALTER price TYPE numeric(8, 2)',
    found: ['column table plans: column price'],
  },
  {
    name: 'a default',
    on: 'from',
    plant: "ALTER TABLE checkins ALTER note SET DEFAULT 'none'",
    undo: 'ALTER TABLE checkins ALTER note DROP DEFAULT',
    found: ['column table checkins: column note'],
  },
  {
    name: 'NOT NULL',
    on: 'to',
    plant: 'ALTER TABLE gyms ALTER name DROP NOT NULL',
    undo: 'ALTER TABLE gyms ALTER name SET NOT NULL',
    found: ['constraint table gyms: NOT NULL of column name'],
  },
  {
    name: 'a check',
    on: 'to',
    plant: 'ALTER TABLE checkins DROP CONSTRAINT short',
    undo: 'ALTER TABLE checkins ADD CONSTRAINT short CHECK (length(note) < 100)',
    found: ['constraint table checkins: constraint short'],
  },
  {
    name: 'a check that is not valid',
    on: 'to',
    plant:
      'ALTER TABLE checkins DROP CONSTRAINT short; ALTER TABLE checkins ADD CONSTRAINT short CHECK (length(note) < 100) NOT VALID',
    undo: 'ALTER TABLE checkins VALIDATE CONSTRAINT short',
    found: ['constraint table checkins: validation of constraint short'],
  },
  {
    name: 'a foreign key',
    on: 'to',
    plant: 'ALTER TABLE checkins DROP CONSTRAINT checkins_gym_id_fkey',
    undo: 'ALTER TABLE checkins ADD CONSTRAINT checkins_gym_id_fkey FOREIGN KEY (gym_id) REFERENCES gyms',
    found: ['constraint table checkins: foreign key checkins_gym_id_fkey'],
  },
  {
    name: 'a primary key',
    on: 'to',
    plant: 'ALTER TABLE plans DROP CONSTRAINT plans_pkey',
    undo: 'ALTER TABLE plans ADD PRIMARY KEY (code)',
    found: ['constraint table plans: constraint plans_pkey'],
  },
  {
    name: 'an index',
    on: 'from',
    plant: 'DROP INDEX checkins_at',
    undo: 'CREATE INDEX checkins_at ON checkins (at) WHERE note IS NOT NULL',
    found: ['index table checkins: index checkins_at'],
  },
  {
    name: 'an index with another predicate',
    on: 'to',
    plant: 'DROP INDEX checkins_at; CREATE INDEX checkins_at ON checkins (at)',
    undo: 'DROP INDEX checkins_at; CREATE INDEX checkins_at ON checkins (at) WHERE note IS NOT NULL',
    found: ['index table checkins: index checkins_at'],
  },
  {
    name: 'a policy that is gone',
    on: 'to',
    plant: 'DROP POLICY own_letters ON letters',
    undo: 'CREATE POLICY own_letters ON letters FOR SELECT USING (tenant = 1)',
    found: ['policy table letters: policy own_letters'],
  },
  {
    name: 'a policy of another command',
    on: 'to',
    plant:
      'DROP POLICY own_letters ON letters; CREATE POLICY own_letters ON letters FOR ALL USING (tenant = 1)',
    undo: 'DROP POLICY own_letters ON letters; CREATE POLICY own_letters ON letters FOR SELECT USING (tenant = 1)',
    found: ['policy table letters: policy own_letters'],
  },
  {
    name: 'row-level security that is off',
    on: 'to',
    plant: 'ALTER TABLE letters DISABLE ROW LEVEL SECURITY',
    undo: 'ALTER TABLE letters ENABLE ROW LEVEL SECURITY',
    found: ['policy table letters: row-level security'],
  },
  {
    name: 'FORCE ROW LEVEL SECURITY, under which nobody counts',
    on: 'to',
    plant: 'ALTER TABLE letters FORCE ROW LEVEL SECURITY',
    undo: 'ALTER TABLE letters NO FORCE ROW LEVEL SECURITY',
    found: ['not-comparable table letters', 'policy table letters: row-level security'],
  },
  {
    name: 'a sequence of a column',
    on: 'to',
    plant: "SELECT setval('checkins_id_seq', 7)",
    undo: "SELECT setval('checkins_id_seq', 2000)",
    found: ['sequence table checkins: sequence checkins_id_seq of column id'],
  },
  {
    name: 'the sequence of an identity column',
    on: 'to',
    plant: 'ALTER TABLE sales.orders ALTER id RESTART WITH 5000',
    undo: 'ALTER TABLE sales.orders ALTER id RESTART WITH 21',
    found: ['sequence table sales.orders: the identity of column id'],
  },
  {
    name: 'a sequence that no column draws from',
    on: 'from',
    plant: "SELECT nextval('tickets')",
    undo: 'ALTER SEQUENCE tickets RESTART',
    found: ['sequence sequence public.tickets: position'],
  },
  {
    name: 'the step of a sequence',
    on: 'to',
    plant: 'ALTER SEQUENCE tickets INCREMENT 10',
    undo: 'ALTER SEQUENCE tickets INCREMENT 1',
    found: ['sequence sequence public.tickets: settings'],
  },
  {
    name: 'a parent by INHERITS',
    on: 'to',
    plant: 'ALTER TABLE heir NO INHERIT elder',
    undo: 'ALTER TABLE heir INHERIT elder',
    found: ['other table elder: kind', 'other table heir: kind'],
  },
  {
    name: 'grants on a table',
    on: 'to',
    plant: 'GRANT SELECT ON plans TO PUBLIC',
    undo: 'REVOKE SELECT ON plans FROM PUBLIC',
    found: ['grants table plans: grants'],
  },
  {
    name: 'grants on a column',
    on: 'to',
    plant: 'GRANT UPDATE (price) ON plans TO PUBLIC',
    undo: 'REVOKE UPDATE (price) ON plans FROM PUBLIC',
    found: ['grants table plans: grants on column price'],
  },
  {
    name: 'an owner',
    on: 'to',
    plant: 'ALTER TABLE plain_note OWNER TO postgres',
    undo: 'ALTER TABLE plain_note OWNER TO citus',
    found: ['not-comparable table plain_note', 'owner table plain_note: owner'],
    platform: true,
  },
  {
    name: 'a comment',
    on: 'to',
    plant: 'COMMENT ON COLUMN checkins.note IS NULL',
    undo: "COMMENT ON COLUMN checkins.note IS 'free text'",
    found: ['comment table checkins: comment on column note'],
  },
  {
    name: 'storage parameters',
    on: 'to',
    plant: 'ALTER TABLE plain_note SET (fillfactor = 70)',
    undo: 'ALTER TABLE plain_note RESET (fillfactor)',
    found: ['other table plain_note: storage'],
  },
  {
    name: 'extended statistics',
    on: 'to',
    plant: 'DROP STATISTICS checkins_stats',
    undo: 'CREATE STATISTICS checkins_stats ON gym_id, at FROM checkins',
    found: ['other table checkins: statistics checkins_stats'],
  },
  {
    name: 'a statistics target',
    on: 'to',
    plant: 'ALTER TABLE checkins ALTER note SET STATISTICS -1',
    undo: 'ALTER TABLE checkins ALTER note SET STATISTICS 500',
    found: ['column table checkins: settings of column note'],
  },
  {
    name: 'a trigger',
    on: 'to',
    plant:
      "CREATE FUNCTION public.hook() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON plain_note FOR EACH ROW EXECUTE FUNCTION hook()",
    undo: 'DROP FUNCTION hook() CASCADE',
    found: ['function function public.hook()', 'trigger table plain_note: trigger t'],
  },
  {
    name: 'a partition',
    on: 'to',
    plant: "CREATE TABLE entries_3 PARTITION OF entries FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')",
    undo: 'DROP TABLE entries_3',
    found: ['other table entries: partition public.entries_3'],
  },
  {
    name: 'a view that is gone',
    on: 'to',
    plant: 'DROP VIEW busy',
    undo: 'CREATE VIEW busy AS SELECT gym_id, count(*) FROM checkins GROUP BY gym_id',
    found: ['view view busy'],
  },
  {
    name: 'a view of another definition',
    on: 'to',
    plant:
      'CREATE OR REPLACE VIEW busy AS SELECT gym_id, count(*) FROM checkins WHERE gym_id > 0 GROUP BY gym_id',
    undo: 'CREATE OR REPLACE VIEW busy AS SELECT gym_id, count(*) FROM checkins GROUP BY gym_id',
    found: ['view view busy: definition'],
  },
  {
    name: 'what a materialized view holds',
    on: 'to',
    plant:
      "INSERT INTO checkins (gym_id, at) VALUES (50, '2025-01-01'); REFRESH MATERIALIZED VIEW monthly; DELETE FROM checkins WHERE at = '2025-01-01'; SELECT setval('checkins_id_seq', 2000)",
    undo: 'REFRESH MATERIALIZED VIEW monthly',
    found: ['rows view monthly'],
  },
  {
    name: 'a function of another body',
    on: 'to',
    plant:
      "CREATE OR REPLACE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n + n'",
    undo: "CREATE OR REPLACE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'",
    found: ['function function public.twice(integer): definition'],
  },
  {
    name: 'grants on a function',
    on: 'to',
    plant: 'REVOKE EXECUTE ON FUNCTION public.twice(int) FROM PUBLIC',
    undo: 'GRANT EXECUTE ON FUNCTION public.twice(int) TO PUBLIC',
    found: ['function function public.twice(integer): grants'],
  },
  {
    name: 'a composite type',
    on: 'to',
    plant: 'ALTER TYPE pair ADD ATTRIBUTE c int',
    undo: 'ALTER TYPE pair DROP ATTRIBUTE c',
    found: ['other type public.pair: definition'],
  },
  {
    name: 'a domain',
    on: 'to',
    plant: 'ALTER DOMAIN percentage SET NOT NULL',
    undo: 'ALTER DOMAIN percentage DROP NOT NULL',
    found: ['other type public.percentage: definition'],
  },
  {
    name: 'a schema',
    on: 'to',
    plant: 'CREATE SCHEMA more',
    undo: 'DROP SCHEMA more',
    found: ['other schema more'],
  },
  {
    name: 'a publication',
    on: 'to',
    plant: 'ALTER PUBLICATION changes ADD TABLE plain_note',
    undo: 'ALTER PUBLICATION changes DROP TABLE plain_note',
    found: ['other publication changes: definition'],
  },
  {
    name: 'default privileges',
    on: 'to',
    plant: 'ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO PUBLIC',
    undo: 'ALTER DEFAULT PRIVILEGES IN SCHEMA sales REVOKE SELECT ON TABLES FROM PUBLIC',
    found: ['other default privileges of citus in schema sales'],
  },
  {
    name: 'how many may connect to the database',
    on: 'to',
    plant: 'ALTER DATABASE :database CONNECTION LIMIT 50',
    undo: 'ALTER DATABASE :database CONNECTION LIMIT -1',
    found: ['other database: connection limit'],
    platform: true,
  },
  {
    name: 'a setting of the database',
    on: 'to',
    plant: "ALTER DATABASE :database SET TimeZone = 'Asia/Tokyo'",
    undo: 'ALTER DATABASE :database RESET TimeZone',
    found: ['setting database: setting TimeZone', 'setting setting TimeZone: value'],
  },
  {
    name: 'a role that is more',
    on: 'to',
    plant: 'CREATE ROLE compare_extra',
    undo: 'DROP ROLE compare_extra',
    found: ['role role compare_extra'],
    platform: true,
  },
  {
    name: 'an attribute of a role',
    on: 'to',
    plant: 'ALTER ROLE compare_reader CREATEDB',
    undo: 'ALTER ROLE compare_reader NOCREATEDB',
    found: ['role role compare_reader: attributes'],
    platform: true,
  },
  {
    name: 'a setting of a role',
    on: 'to',
    plant: "ALTER ROLE compare_reader IN DATABASE :database SET DateStyle = 'German'",
    undo: 'ALTER ROLE compare_reader IN DATABASE :database RESET DateStyle',
    found: ['role role compare_reader: setting DateStyle'],
    platform: true,
  },
  {
    name: 'a query that one side alone can answer',
    on: 'to',
    plant: 'DROP FUNCTION twice',
    undo: "CREATE FUNCTION public.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'",
    found: ['answer query double', 'function function public.twice(integer)'],
  },
];

platformSuite('scaleout compare', () => {
  let citus: TestDatabase;
  let plain: { readonly target: ConnectionTarget; readonly platform: ConnectionTarget };
  const database = `plain_${randomUUID().slice(0, 8)}`;

  const compared = async (more: Partial<Parameters<typeof compare>[1]> = {}): Promise<CompareDocument> =>
    (await compare(testContext(), { from: citus.target, to: plain.target, queries: QUERIES, ...more }))
      .document;
  const named = ({ differences }: CompareDocument): string[] =>
    differences
      .map(({ kind, object, part }) => `${kind} ${object}${part === undefined ? '' : `: ${part}`}`)
      .sort();

  beforeAll(async () => {
    citus = await freshCitusDatabase({ workers: 2 });
    const cluster = await testCluster();
    const server = cluster.nodes[2]!;
    const superuser = testLogin(cluster, server, cluster.superuser, 'postgres');
    await createDatabase(superuser, database, { citus: false });
    plain = {
      target: testLogin(cluster, server, 'citus', database),
      platform: { ...superuser, database },
    };
    await query(citus.platform, "CREATE ROLE compare_reader LOGIN PASSWORD 'reads'");
    for (const { target } of [citus, plain]) await query(target, SCHEMA);
    await query(citus.target, DISTRIBUTE);
    for (const { target } of [citus, plain]) await query(target, ROWS);
  });
  afterAll(async () => {
    await dropDatabase({ ...plain.platform, database: 'postgres' }, database);
    await citus.drop();
  });

  test('a distributed and a plain database with the same rows and objects are equal', async () => {
    const document = await compared();
    expect(document.differences).toEqual([]);
    expect(document).toMatchObject({
      formatVersion: 1,
      equal: true,
      from: { tables: 10 },
      to: { rows: 2674 },
    });
  });

  test.each(PLANTS)('$name is found and named', async ({ on, plant, undo, found, platform }) => {
    const side = on === 'from' ? citus : plain;
    const login = platform === true ? side.platform : side.target;
    const inDatabase = (sql: string): string => sql.replaceAll(':database', escapeIdentifier(database));
    await query(login, inDatabase(plant));
    try {
      const document = await compared();
      expect(named(document)).toEqual([...found].sort());
      expect(document.equal).toBe(false);
    } finally {
      await query(login, inDatabase(undo));
    }
  });

  test('nothing is left of what was planted', async () => {
    expect((await compared()).differences).toEqual([]);
  });

  const onNode = async (table: string, sql: (shard: string) => string): Promise<string> => {
    const [shard] = await query<{ shard: string; port: number }>(
      citus.target,
      'SELECT shard_name AS shard, nodeport AS port FROM citus_shards JOIN pg_dist_node USING (nodename, nodeport) WHERE table_name = $1::regclass AND groupid > 0 ORDER BY nodeport, shardid LIMIT 1',
      [table],
    );
    const cluster = await testCluster();
    const node = cluster.nodes.find(({ nodePort }) => nodePort === shard?.port);
    await query(testLogin(cluster, node!, cluster.superuser, citus.target.database), sql(shard!.shard));
    return shard!.shard.replace(/^.*_/, '');
  };

  test('rows in a shard that their hash does not name are counted, though the table holds the same', async () => {
    const rows = "SELECT i, 'astray' FROM generate_series(1000, 1031) i";
    const shard = await onNode('letters', (name) => `INSERT INTO ${name} ${rows}`);
    await query(plain.target, `INSERT INTO letters ${rows}`);
    try {
      const { differences } = await compared();
      expect(differences).toMatchObject([{ kind: 'misplaced-rows', object: 'table letters' }]);
      expect(differences[0]?.detail).toMatch(
        new RegExp(`^in from, 2\\d rows are in a shard .*: 2\\d in shard ${shard} on `),
      );
    } finally {
      await onNode('letters', (name) => `DELETE FROM ${name} WHERE body = 'astray'`);
      await query(plain.target, "DELETE FROM letters WHERE body = 'astray'");
    }
  });

  test('a copy of a reference table that is other than the rest is named with its node', async () => {
    await onNode('plans', (name) => `UPDATE ${name} SET price = 1 WHERE code = 'pro'`);
    try {
      expect(named(await compared())).toEqual(['shard-copies table plans']);
    } finally {
      await onNode('plans', (name) => `UPDATE ${name} SET price = 19 WHERE code = 'pro'`);
    }
  });

  test('a shard with other definitions than the rest of its table is named with its node', async () => {
    const shard = await onNode('letters', (name) => `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`);
    try {
      const { differences } = await compared();
      expect(differences).toMatchObject([{ kind: 'shard-definition', object: 'table letters' }]);
      expect(differences[0]?.detail).toMatch(
        new RegExp(
          `^in from, not as the table, or not as its other shards: row-level security of public.letters_${shard} on \\S+:\\d+$`,
        ),
      );
    } finally {
      await onNode('letters', (name) => `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`);
    }
  });

  test('between two distributed databases a difference is narrowed to the shards that differ', async () => {
    const other = await freshCitusDatabase({ workers: 0 });
    try {
      await query(other.target, SCHEMA);
      await query(
        other.target,
        DISTRIBUTE.replace(
          "SELECT create_distributed_table('entries'",
          "SET citus.shard_count = 4; SELECT create_distributed_table('entries'",
        ),
      );
      await query(other.target, ROWS);
      await query(other.target, "UPDATE checkins SET note = 'changed' WHERE id = 77");
      const { differences, notes } = await compared({ to: other.target, queries: [] });
      const [difference, ...more] = differences;
      expect(more).toEqual([]);
      expect(difference).toMatchObject({ kind: 'rows', object: 'table checkins' });
      expect(difference?.shards).toHaveLength(1);
      expect(difference?.detail).toMatch(
        /^2,000 rows on both sides, but not the same ones; 1 of 8 shards differs: hashes -?\d+ to -?\d+ \(shard \d+ in from, \d+ in to: \d+ rows\)$/,
      );
      expect(notes).toEqual([
        'compared as a whole, not shard by shard, since the ranges of the shards differ: alike, entries, letters',
      ]);
      const [{ sql }] = [QUERIES[0]!];
      await query(other.target, "UPDATE checkins SET note = 'note 77' WHERE id = 77");
      const asked = await compared({
        to: other.target,
        queries: [
          { name: 'days', sql: 'SELECT count(*) FROM entries' },
          { name: 'busiest', sql },
        ],
      });
      expect(named(asked)).toEqual(['task-count query days']);
    } finally {
      await other.drop();
    }
  });

  test('a role without rights cannot compare, and is told so table by table', async () => {
    const as = (target: ConnectionTarget): ConnectionTarget => ({
      ...target,
      user: 'compare_reader',
      password: 'reads',
    });
    const document = await compared({ from: as(citus.target), to: as(plain.target), queries: [] });
    expect(document.equal).toBe(false);
    const tables = document.differences.filter(
      ({ kind, object }) => kind === 'not-comparable' && object.startsWith('table '),
    );
    expect(tables.filter(({ part }) => part === undefined)).toHaveLength(10);
    expect(tables[0]?.detail).toMatch(
      /^cannot be read whole in from: .*(?:permission denied|failed to connect).*; in to: .*permission denied/,
    );
  });

  test('a view in a schema that the role may not use names the side, the role and the way out', async () => {
    await query(plain.target, 'CREATE VIEW sales.all_orders AS SELECT * FROM sales.orders');
    try {
      await expect(
        compared({
          from: citus.target,
          to: { ...plain.target, user: 'compare_reader', password: 'reads' },
          queries: [],
        }),
      ).rejects.toMatchObject({
        code: 'cluster.not-readable',
        message: expect.stringMatching(
          /^--to, .* cannot be read as compare_reader: permission denied for schema sales/,
        ) as string,
      });
    } finally {
      await query(plain.target, 'DROP VIEW sales.all_orders');
    }
  });

  test('each side takes its password from the line of PGPASSFILE for it', async () => {
    const line = ({ host, port, database: name, user }: ConnectionTarget, password: string): string =>
      [host, String(port), name, user, password].join(':');
    const reader = { ...plain.target, user: 'compare_reader' };
    const file = path.join(scratch, 'pgpass');
    writeFileSync(file, `${line(citus.target, citus.target.password ?? '')}\n${line(reader, 'reads')}\n`, {
      mode: 0o600,
    });
    const [from = '', to = ''] = [citus.target, reader].map(
      ({ user, host, port, database: name }) => `postgresql://${user}@${host}:${String(port)}/${name}`,
    );
    const { stdout } = await withVariables({ PGPASSFILE: file }, () =>
      scaleout(['compare', '--from', from, '--to', to, '--tables', 'plain_note']),
    );
    expect(stdout).toMatch(/cannot be read whole in to: .*permission denied/);
  });

  test('the command line ends with 0 where they are equal and with 1 where they are not', async () => {
    const url = ({ user, host, port, database: name }: ConnectionTarget): string =>
      `postgresql://${user}@${host}:${String(port)}/${name}`;
    const sides = ['compare', '--from', url(citus.target), '--to', url(plain.target)];
    const environment = { PGPASSWORD: citus.target.password };
    const equal = await scaleout(sides, environment);
    expect(equal).toMatchObject({ status: 0 });
    expect(equal.stdout).toMatch(/Equal: both databases hold the same rows and objects\.\n$/);
    await query(plain.target, 'DELETE FROM plain_note');
    try {
      const some = (names: string) => scaleout([...sides, '--tables', names], environment);
      expect(await some('public.checkins, sales.orders,monthly')).toMatchObject({ status: 0 });
      const one = await some('plain_note,gyms');
      expect(one).toMatchObject({ status: 1 });
      expect(one.stdout).toMatch(/2 tables, .*table plain_note .*Different: 1 difference\./s);
      expect((await some('gyms,nowhere.at_all')).stderr).toMatch(
        /neither database has .* nowhere\.at_all, which --tables names/,
      );
      const { status, stdout } = await scaleout([...sides, '--json'], environment);
      expect(status).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        formatVersion: 1,
        equal: false,
        differences: [{ kind: 'rows', object: 'table plain_note', size: 1 }],
      });
    } finally {
      await query(plain.target, "INSERT INTO plain_note VALUES (1, 'one')");
    }
  });
});
