import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Distribution } from '../../config/workload/distribution-types';
import { parseDistribution } from '../../config/workload/distribution';
import { tablesApply, tablesPlan, tablesVerify } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { laneStatus } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';
import { query, testContext } from './support/sensors';

jest.setTimeout(180_000);

/** Only from then on do NOT NULL constraints have names. */
const testOf18 = /PostgreSQL (?:1[89]|[2-9]\d)\b/.test(laneStatus('citus').reason) ? test : test.skip;

const spec = (text: string): Distribution => parseDistribution(text, 'distribution.yaml');

/** Everything that a run over some tables may not lose, each as one line; names of relations in `$1`. */
const LINES = `
WITH named AS (SELECT oid, oid::regclass::text AS name FROM unnest($1::regclass[]) AS oid)
SELECT line FROM (
  SELECT format('options of %s: %s', name, c.reloptions) AS line FROM named JOIN pg_class c USING (oid)
  UNION ALL
  SELECT format('populated %s: %s', name, c.relispopulated) FROM named JOIN pg_class c USING (oid)
  UNION ALL
  SELECT format('check %s of %s: %s %s', con.conname, name, pg_get_constraintdef(con.oid), con.convalidated)
    FROM named JOIN pg_constraint con ON con.conrelid = named.oid AND con.contype = 'c'
  UNION ALL
  SELECT format('%s %s of %s: %s %s %s', con.contype, con.conname, name, pg_get_constraintdef(con.oid), con.convalidated, con.connoinherit)
    FROM named JOIN pg_class c USING (oid) JOIN pg_constraint con ON con.conrelid = named.oid AND con.contype = 'n' AND con.coninhcount = 0
   WHERE c.relkind = 'r' OR NOT con.convalidated
  UNION ALL
  SELECT format('column %s of %s: %s %s', a.attname, name, (SELECT string_agg(o, ',') FROM unnest(a.attoptions) o WHERE o LIKE 'n_distinct%'), a.attstorage)
    FROM named JOIN pg_attribute a ON a.attrelid = named.oid AND a.attnum > 0
  UNION ALL
  SELECT format('trigger %s of %s: %s', tgname, name, tgenabled) FROM named JOIN pg_trigger ON tgrelid = named.oid AND NOT tgisinternal AND tgname !~ '^(citus_|truncate_)'
  UNION ALL
  SELECT format('comment on %s: %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
    FROM pg_description d
   WHERE d.classoid = 'pg_class'::regclass AND (d.objoid IN (SELECT oid FROM named) OR d.objoid IN (SELECT indexrelid FROM pg_index JOIN named ON indrelid = named.oid))
      OR d.classoid = 'pg_constraint'::regclass AND d.objoid IN (SELECT con.oid FROM pg_constraint con JOIN named ON conrelid = named.oid)
      OR d.classoid = 'pg_policy'::regclass AND d.objoid IN (SELECT p.oid FROM pg_policy p JOIN named ON polrelid = named.oid)
      OR d.classoid = 'pg_trigger'::regclass AND d.objoid IN (SELECT t.oid FROM pg_trigger t JOIN named ON tgrelid = named.oid)
) AS lines ORDER BY line COLLATE "C"`;

platformSuite('what Citus leaves out is kept where it copies a table into another', () => {
  let database: TestDatabase;
  const run = (sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> =>
    query(database.target, sql, values);
  const lines = async (...names: string[]): Promise<unknown[]> =>
    (await run(LINES, [names])).map(({ line }) => line);
  const rowsOf = async (...names: string[]): Promise<unknown[]> =>
    (
      await run(
        names
          .map(
            (name, place) =>
              `SELECT ${String(place)} AS place, count(*)::int, md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${name} t`,
          )
          .join(' UNION ALL ') + ' ORDER BY place',
      )
    ).map(({ count, md5 }) => [count, md5]);
  const apply = async (expected: Distribution, allow: readonly string[] = []) => {
    const given = { target: database.target, expected, allow: allow.map((id) => ({ id })) };
    const { document } = await tablesApply(testContext(), given);
    expect(document.rows?.tables.filter(({ same }) => !same)).toEqual([]);
    expect(document.objects.filter(({ same }) => !same)).toEqual([]);
    expect((await tablesPlan(testContext(), given)).document.steps).toEqual([]);
    expect(await run("SELECT FROM pg_namespace WHERE nspname = 'scaleout'")).toEqual([]);
    return document;
  };

  const directory = scratchDirectory();
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
  });
  afterEach(async () => {
    await database.drop();
  });

  test.each(['true', 'false'])(
    'of a partitioned table: materialized views and all comments (online: %s)',
    async (online) => {
      await run(
        `CREATE SCHEMA "My S";
         CREATE TABLE "My S"."Ev" (org int NOT NULL, at date NOT NULL, v text, PRIMARY KEY (org, at)) PARTITION BY RANGE (at);
         CREATE TABLE "My S"."Ev 1" PARTITION OF "My S"."Ev" FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
         CREATE TABLE "My S".ev_2 PARTITION OF "My S"."Ev" FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
         INSERT INTO "My S"."Ev" SELECT i % 20, '2025-01-01'::date + i / 20, 'x' FROM generate_series(1, 900) i;
         CREATE MATERIALIZED VIEW days AS SELECT at, count(*) AS n FROM "My S"."Ev" GROUP BY at; CREATE INDEX "days n" ON days (n);
         CREATE MATERIALIZED VIEW "All Days" AS SELECT count(*) AS n, sum(n) AS s FROM days;
         CREATE MATERIALIZED VIEW of_part AS SELECT count(*) AS n FROM "My S"."Ev 1";
         CREATE MATERIALIZED VIEW never AS SELECT * FROM days WITH NO DATA;
         ALTER TABLE "My S"."Ev 1" ENABLE ROW LEVEL SECURITY; CREATE POLICY "o 1" ON "My S"."Ev 1" USING (org >= 0);
         COMMENT ON POLICY "o 1" ON "My S"."Ev 1" IS 'it''s why'; COMMENT ON TABLE "My S"."Ev 1" IS 'a part'; COMMENT ON TABLE "My S".ev_2 IS 'another';
         COMMENT ON COLUMN "My S"."Ev 1".v IS 'of a part'; COMMENT ON INDEX "My S"."Ev 1_pkey" IS 'its key'; COMMENT ON CONSTRAINT "Ev 1_pkey" ON "My S"."Ev 1" IS 'its key too';
         COMMENT ON TABLE "My S"."Ev" IS 'all'; ALTER TABLE "My S"."Ev 1" ALTER COLUMN v SET (n_distinct = 3)`,
      );
      const look = async (): Promise<unknown> => [
        await lines('"My S"."Ev"', '"My S"."Ev 1"', '"My S".ev_2', 'days', '"All Days"', 'of_part', 'never'),
        await rowsOf('days', '"All Days"', 'of_part', '"My S"."Ev 1"'),
      ];
      const before = await look();
      for (const shards of [4, 6]) {
        await apply(
          spec(
            `online: ${online}\nshardCount: ${String(shards)}\ntables:\n  '"My S"."Ev"': { distributeBy: org }\n`,
          ),
        );
        expect(await look()).toEqual(before);
      }
      await apply(spec(`tables:\n  '"My S"."Ev"': { local: true }\n`));
      expect(await look()).toEqual(before);
    },
  );

  test('a replica identity that is no index, and a CHECK that is not inherited', async () => {
    await run(
      `CREATE TABLE whole (org int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (org, id), CONSTRAINT small CHECK (n < 1000) NO INHERIT);
       ALTER TABLE whole REPLICA IDENTITY FULL; COMMENT ON CONSTRAINT small ON whole IS 'of this table alone';
       CREATE TABLE parts (org int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
       CREATE TABLE parts_1 PARTITION OF parts DEFAULT; ALTER TABLE parts REPLICA IDENTITY NOTHING; ALTER TABLE parts_1 REPLICA IDENTITY FULL;
       CREATE TABLE known (id int PRIMARY KEY, CONSTRAINT positive CHECK (id > 0) NO INHERIT); ALTER TABLE known REPLICA IDENTITY NOTHING;
       CREATE TABLE beside (id int PRIMARY KEY, known_id int REFERENCES known, CONSTRAINT above CHECK (id > 0) NO INHERIT); ALTER TABLE beside REPLICA IDENTITY FULL;
       INSERT INTO whole SELECT i % 9, i, i FROM generate_series(1, 90) i`,
    );
    const look = async (): Promise<unknown> => [
      await run(
        `SELECT relname, relreplident FROM pg_class WHERE relname IN ('whole', 'parts', 'parts_1', 'known', 'beside') ORDER BY 1`,
      ),
      await run(
        `SELECT conname, pg_get_constraintdef(oid) AS definition, obj_description(oid, 'pg_constraint') AS comment
           FROM pg_constraint WHERE contype = 'c' AND conrelid IN ('whole'::regclass, 'known'::regclass, 'beside'::regclass) ORDER BY 1`,
      ),
    ];
    const before = await look();
    for (const shards of [4, 6]) {
      await apply(
        spec(
          `online: false\nshardCount: ${String(shards)}\ntables:\n  whole: { distributeBy: org }\n  parts: { distributeBy: org, colocateWith: whole }\n  known: { reference: true }\n`,
        ),
      );
      expect(await look()).toEqual(before);
    }
    await apply(
      spec('tables:\n  whole: { local: true }\n  parts: { local: true }\n  known: { local: true }\n'),
    );
    expect(await look()).toEqual(before);
  });

  const PAIR = `
CREATE TABLE a (org int NOT NULL, id int NOT NULL, v int, PRIMARY KEY (org, id));
CREATE TABLE b (org int NOT NULL, id int NOT NULL, v int, PRIMARY KEY (org, id));
INSERT INTO a SELECT i % 20, i, i FROM generate_series(1, 400) i;
INSERT INTO b SELECT i % 20, i, i FROM generate_series(1, 400) i`;
  const pair = (shards: number): Distribution =>
    spec(
      `online: false\nshardCount: ${String(shards)}\ntables:\n  a: { distributeBy: org }\n  b: { distributeBy: org, colocateWith: a }\n`,
    );
  const PAIR_BACK = spec('tables:\n  a: { local: true }\n  b: { local: true }\n');

  test('a materialized view that joins two tables outlives another shard count of both', async () => {
    await run(
      `${PAIR};
       CREATE MATERIALIZED VIEW ab AS SELECT a.org, sum(a.v) AS s, count(*) AS n FROM a JOIN b USING (org, id) GROUP BY a.org;
       CREATE MATERIALIZED VIEW "On ab" AS SELECT max(s) AS s FROM ab`,
    );
    const before = await rowsOf('ab', '"On ab"');
    for (const expected of [pair(4), pair(6), PAIR_BACK]) {
      await apply(expected);
      expect(await rowsOf('ab', '"On ab"')).toEqual(before);
    }
  });

  test('a materialized view that joins two tables outlives another count of many shards', async () => {
    await run(
      `${PAIR}; CREATE MATERIALIZED VIEW ab AS SELECT a.org, count(*) AS n, sum(b.v) AS s FROM a JOIN b USING (org, id) GROUP BY a.org`,
    );
    const before = await rowsOf('ab');
    for (const shards of [32, 16]) {
      await apply(pair(shards));
      expect(await rowsOf('ab')).toEqual(before);
    }
  });

  test('a materialized view whose owner policies bind is refused where Citus would fill it as another role', async () => {
    const owner = `owner_${randomUUID().slice(0, 8)}`;
    await query(
      database.platform,
      `CREATE ROLE ${owner} LOGIN; GRANT ${owner} TO citus; GRANT CREATE ON SCHEMA public TO ${owner}`,
    );
    await run(
      `${PAIR}; ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON a TO ${owner} USING (org < 4); GRANT SELECT ON a TO ${owner};
       GRANT CREATE ON SCHEMA public TO ${owner}; SET ROLE ${owner}; SET row_security TO on;
       CREATE MATERIALIZED VIEW few_a AS SELECT org, count(*) AS n FROM a GROUP BY org; GRANT SELECT ON few_a TO citus; RESET ROLE`,
    );
    const before = await rowsOf('few_a');
    await apply(pair(4));
    expect(await rowsOf('few_a')).toEqual(before);
    await expect(tablesPlan(testContext(), { target: database.target, expected: pair(6) })).rejects.toThrow(
      new RegExp(
        `materialized view few_a belongs to role ${owner}, whom policies of what it reads bind.*fills it as citus`,
      ),
    );
    await query(database.platform, `DROP OWNED BY ${owner}; DROP ROLE ${owner}`);
  });

  test('one that Citus cannot make again on the way is refused by name, and the way by way of local is open', async () => {
    await run(
      `${PAIR}; CREATE MATERIALIZED VIEW "a Left" AS SELECT a.org, count(b.v) AS n FROM a LEFT JOIN b USING (org, id) GROUP BY a.org`,
    );
    const before = await rowsOf('"a Left"');
    await apply(pair(4));
    await expect(tablesPlan(testContext(), { target: database.target, expected: pair(6) })).rejects.toThrow(
      /materialized view a Left cannot be created again when a is copied and b is not yet, because it joins a and b, which are not colocated.*othing was changed/,
    );
    await apply(PAIR_BACK);
    await apply(pair(6));
    expect(await rowsOf('"a Left"')).toEqual(before);
  });

  test('a run comes to its end where another table of a materialized view has forced policies', async () => {
    await run(
      `${PAIR}; CREATE MATERIALIZED VIEW ab AS SELECT a.org, count(*) AS n FROM a JOIN b USING (org, id) GROUP BY a.org`,
    );
    await apply(pair(4));
    for (const each of ['ENABLE', 'FORCE']) await run(`ALTER TABLE a ${each} ROW LEVEL SECURITY`);
    await run('CREATE POLICY few ON a USING (org = 3)');
    for (const expected of [pair(6), PAIR_BACK]) {
      const plan = await tablesPlan(testContext(), { target: database.target, expected });
      const asked = plan.document.findings.filter(({ needs }) => needs === 'allowance').map(({ id }) => id);
      expect(asked).toEqual(['forced-policy-window:a', 'refresh-under-policy:ab']);
      await apply(expected, asked);
      expect(
        await run(
          "SELECT (SELECT count(*)::int FROM ab) AS rows, relforcerowsecurity AS forced FROM pg_class WHERE oid = 'a'::regclass",
        ),
      ).toEqual([{ rows: 20, forced: true }]);
    }
  });

  test('options of materialized views, comments on triggers, options of columns, checks that are NOT VALID', async () => {
    await run(
      `CREATE TABLE kind (id int PRIMARY KEY, t text, CONSTRAINT "t is" CHECK (t <> 'none'));
       CREATE TABLE "Thing" (id int PRIMARY KEY, k int REFERENCES kind, n int); INSERT INTO kind VALUES (1, 'a');
       INSERT INTO "Thing" SELECT g, 1, g FROM generate_series(1, 50) g;
       CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
       CREATE TRIGGER "T 1" BEFORE INSERT ON "Thing" FOR EACH ROW EXECUTE FUNCTION more(); COMMENT ON TRIGGER "T 1" ON "Thing" IS 'a trigger''s';
       ALTER TABLE "Thing" DISABLE TRIGGER "T 1";
       ALTER TABLE "Thing" ALTER COLUMN n SET (n_distinct = 5); ALTER TABLE "Thing" ADD CONSTRAINT "n Small" CHECK (n < 5) NOT VALID;
       COMMENT ON CONSTRAINT "n Small" ON "Thing" IS 'for new ones';
       ALTER TABLE kind ADD CONSTRAINT old CHECK (id > 5) NOT VALID; COMMENT ON CONSTRAINT old ON kind IS 'was not so';
       CREATE TABLE note (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id)); INSERT INTO note SELECT i % 9, i FROM generate_series(1, 90) i;
       ALTER TABLE note ADD CONSTRAINT few CHECK (id < 5) NOT VALID; COMMENT ON CONSTRAINT few ON note IS 'few'; ALTER TABLE note ALTER COLUMN id SET (n_distinct = 7);
       CREATE TABLE page (org int NOT NULL, id int NOT NULL, body text, PRIMARY KEY (org, id)); INSERT INTO page SELECT i % 9, i, 'p' FROM generate_series(1, 90) i;
       ALTER TABLE page ALTER COLUMN id SET (n_distinct = 9);
       CREATE TABLE log (org int NOT NULL, at date NOT NULL, PRIMARY KEY (org, at)) PARTITION BY RANGE (at);
       CREATE TABLE "log 1" PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); INSERT INTO log VALUES (1, '2025-02-02');
       ALTER TABLE log ADD CONSTRAINT none CHECK (org > 7) NOT VALID; ALTER TABLE "log 1" ADD CONSTRAINT "none here" CHECK (org > 8) NOT VALID;
       CREATE MATERIALIZED VIEW pages WITH (fillfactor = 70, autovacuum_enabled = off) AS SELECT org, min(body) AS body, count(*) AS n FROM page GROUP BY org;
       ALTER MATERIALIZED VIEW pages ALTER COLUMN body SET STORAGE EXTERNAL; ALTER MATERIALIZED VIEW pages ALTER COLUMN n SET (n_distinct = 2)`,
    );
    const look = (): Promise<unknown> => lines('kind', '"Thing"', 'note', 'page', 'log', '"log 1"', 'pages');
    const before = await look();
    const by = (shards: number): Distribution =>
      spec(
        `shardCount: ${String(shards)}\ntables:\n  kind: { reference: true }\n  note: { distributeBy: org }\n  page: { distributeBy: org }\n  log: { distributeBy: org }\n`,
      );
    const { document } = await tablesPlan(testContext(), { target: database.target, expected: by(4) });
    expect(document.steps.find(({ id }) => id === 'distribute:note')).toMatchObject({
      blocksWrites: true,
      comment: expect.stringMatching(/NOT VALID \(few: VALIDATE CONSTRAINT/) as string,
    });
    expect(document.steps.find(({ id }) => id === 'distribute:page')).toMatchObject({ blocksWrites: false });
    await apply(by(4));
    expect(await look()).toEqual(before);
    await apply(by(6));
    expect(await look()).toEqual(before);
    await apply(spec('tables:\n  note: { local: true }\n  page: { local: true }\n  log: { local: true }\n'));
    expect(await look()).toEqual(before);
  });

  testOf18(
    'names of NOT NULL constraints, those that are NOT VALID or NO INHERIT, and comments on them (needs PostgreSQL 18)',
    async () => {
      await run(
        `CREATE TABLE "Key" (id int PRIMARY KEY, note text CONSTRAINT "is Noted" NOT NULL, plain int NOT NULL); INSERT INTO "Key" VALUES (1, 'a', 1);
       CREATE TABLE reading (org int CONSTRAINT "of Org" NOT NULL, id int NOT NULL, late int, alone int, PRIMARY KEY (org, id)); ALTER TABLE reading RENAME id TO no;
       INSERT INTO reading SELECT i % 9, i, NULL, i FROM generate_series(1, 90) i;
       CREATE TABLE near (id int PRIMARY KEY, key_id int CONSTRAINT "has Key" NOT NULL REFERENCES "Key"); INSERT INTO near VALUES (1, 1);
       CREATE TABLE day (org int CONSTRAINT "day Org" NOT NULL, at date NOT NULL, v int, PRIMARY KEY (org, at)) PARTITION BY RANGE (at);
       CREATE TABLE "day 1" PARTITION OF day FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); INSERT INTO day VALUES (1, '2025-02-02', 1);
       ALTER TABLE "day 1" ADD CONSTRAINT "own V" NOT NULL v; COMMENT ON CONSTRAINT "own V" ON "day 1" IS 'its own';
       COMMENT ON CONSTRAINT "of Org" ON reading IS 'whose'; COMMENT ON CONSTRAINT "has Key" ON near IS 'which'; COMMENT ON CONSTRAINT "day Org" ON day IS 'lost';
       ALTER TABLE reading ADD CONSTRAINT "in Time" NOT NULL late NOT VALID; COMMENT ON CONSTRAINT "in Time" ON reading IS 'for new ones';
       ALTER TABLE reading ADD CONSTRAINT "for It alone" NOT NULL alone NO INHERIT`,
      );
      const look = (): Promise<unknown> => lines('"Key"', 'reading', 'near', '"day 1"');
      const before = await look();
      const by = (shards: number): Distribution =>
        spec(
          `online: false\nshardCount: ${String(shards)}\ntables:\n  '"Key"': { reference: true }\n  reading: { distributeBy: org }\n  day: { distributeBy: org }\n`,
        );
      await apply(by(4));
      expect(await look()).toEqual(before);
      await apply(by(6));
      expect(await look()).toEqual(before);
      const local = spec(
        `tables:\n  '"Key"': { local: true }\n  reading: { local: true }\n  day: { local: true }\n`,
      );
      const { document } = await tablesPlan(testContext(), { target: database.target, expected: local });
      expect(document.findings.map(({ id }) => id)).toEqual(['not-null-names:day']);
      await apply(local);
      expect(await look()).toEqual(before);
    },
  );

  test('a materialized view over a table whose policies are forced, in a schema whose name needs quotes', async () => {
    await run(
      `CREATE SCHEMA "Odd One"; CREATE TABLE "Odd One"."T" (org int PRIMARY KEY, n int); INSERT INTO "Odd One"."T" SELECT i, i FROM generate_series(1, 90) i;
       CREATE MATERIALIZED VIEW "Odd One".kept AS SELECT count(*) AS n FROM "Odd One"."T";
       CREATE POLICY p ON "Odd One"."T" FOR INSERT WITH CHECK (n > 0);
       ALTER TABLE "Odd One"."T" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    );
    const before = await run('SELECT n::int FROM "Odd One".kept');
    const { target } = database;
    const allow = ['forced-policy-window:Odd One.T', 'refresh-under-policy:Odd One.kept'].map((id) => ({
      id,
    }));
    for (const placement of ['reference: true', 'local: true']) {
      const expected = spec(`online: false\ntables:\n  '"Odd One"."T"': { ${placement} }\n`);
      const { document: reviewed } = await tablesPlan(testContext(), { target, expected, allow });
      await tablesApply(testContext(), { target, expected, allow, reviewed });
      expect(await run('SELECT n::int FROM "Odd One".kept')).toEqual(before);
    }
  });

  // By hand Citus leaves the sequence with the number that the column had, and pg_dump crashes.
  test('sequences of columns behind dropped ones stay with their columns', async () => {
    await run(
      `CREATE TABLE known (gone int, id serial PRIMARY KEY);
       CREATE TABLE beside (id int, gone int, other serial, known_id int REFERENCES known);
       CREATE TABLE parts (org int NOT NULL, gone int, id bigserial) PARTITION BY RANGE (org); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
       ALTER TABLE known DROP COLUMN gone; ALTER TABLE beside DROP COLUMN gone; ALTER TABLE parts DROP COLUMN gone`,
    );
    const look = (): Promise<unknown> =>
      run(
        "SELECT pg_get_serial_sequence('known', 'id') AS known, pg_get_serial_sequence('beside', 'other') AS beside, pg_get_serial_sequence('parts', 'id') AS parts",
      );
    const before = await look();
    for (const shards of [4, 6]) {
      await apply(
        spec(
          `online: false\nshardCount: ${String(shards)}\ntables:\n  known: { reference: true }\n  parts: { distributeBy: org }\n`,
        ),
      );
      expect(await look()).toEqual(before);
    }
    await apply(spec('tables:\n  known: { local: true }\n  parts: { local: true }\n'));
    expect(await look()).toEqual(before);
  });

  // By hand Citus cancels the second of two such tables as a deadlock with itself.
  test('tables and partitions whose shards have names that Citus cuts, a check that is NOT VALID included', async () => {
    const name = 'a_table_with_a_name_of_fifty_nine_letters_to_be_cut_off_soon';
    await run(
      `CREATE TABLE first (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id));
       CREATE TABLE ${name} (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id));
       CREATE TABLE last (org int NOT NULL, id int NOT NULL, PRIMARY KEY (org, id)) PARTITION BY RANGE (id);
       CREATE TABLE ${name}_1 PARTITION OF last DEFAULT;
       INSERT INTO first SELECT i % 9, i FROM generate_series(1, 90) i; INSERT INTO ${name} TABLE first; INSERT INTO last TABLE first;
       ALTER TABLE ${name} ADD CONSTRAINT small CHECK (id < 50) NOT VALID`,
    );
    const before = await lines(name);
    for (const shards of [4, 6]) {
      await apply(
        spec(
          `online: false\nshardCount: ${String(shards)}\ntables:\n  first: { distributeBy: org }\n  ${name}: { distributeBy: org, colocateWith: first }\n  last: { distributeBy: org, colocateWith: first }\n`,
        ),
      );
      expect(await lines(name)).toEqual(before);
    }
    await apply(
      spec(`tables:\n  first: { local: true }\n  ${name}: { local: true }\n  last: { local: true }\n`),
    );
    expect(await lines(name)).toEqual(before);
  });

  test('settings of indexes, statistics and TOAST, the index of CLUSTER, and the lack of default privileges', async () => {
    const reader = `reads_${database.target.database}`;
    await query(database.platform, `SELECT run_command_on_all_nodes('CREATE ROLE ${reader}')`);
    try {
      await run(
        `CREATE TABLE kind (id int PRIMARY KEY, t text);
         CREATE TABLE apart (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k int REFERENCES kind, t text);
         CREATE TABLE note (org int NOT NULL, id int NOT NULL, t text, PRIMARY KEY (org, id)) WITH (toast.autovacuum_enabled = off);
         INSERT INTO kind VALUES (1, 'a'); INSERT INTO apart (k) VALUES (1); INSERT INTO note SELECT i % 9, i, 'n' FROM generate_series(1, 90) i;
         CREATE INDEX "by Sum" ON note ((org + id)); ALTER INDEX "by Sum" ALTER COLUMN 1 SET STATISTICS 77; ALTER TABLE note CLUSTER ON "by Sum";
         CREATE STATISTICS tied (dependencies) ON org, id FROM note; ALTER STATISTICS tied SET STATISTICS 55;
         CREATE VIEW ids AS SELECT id FROM note; CREATE VIEW kinds AS SELECT * FROM apart; REVOKE ALL ON ids FROM citus; GRANT SELECT ON ids TO citus;
         CREATE MATERIALIZED VIEW notes WITH (toast.autovacuum_enabled = off) AS SELECT org, id, t FROM note; CREATE INDEX sums ON notes ((org + id), t);
         ALTER INDEX sums ALTER COLUMN 1 SET STATISTICS 33; ALTER MATERIALIZED VIEW notes ALTER COLUMN t SET COMPRESSION lz4;
         CREATE STATISTICS tied_too ON org, id FROM notes; ALTER STATISTICS tied_too SET STATISTICS 22; COMMENT ON STATISTICS tied_too IS 'why';
         REVOKE ALL ON notes FROM citus; GRANT SELECT ON notes TO citus;
         ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO ${reader}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${reader}`,
      );
      const look = (): Promise<unknown> =>
        query(
          database.platform,
          `SELECT c.relname, c.reloptions, t.reloptions AS toast, (SELECT json_agg(a::text ORDER BY a::text) FROM aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))) a) AS acl,
                  (SELECT json_agg(json_build_array(attnum, nullif(attstattarget, -1), attcompression) ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS columns,
                  (SELECT indisclustered FROM pg_index WHERE indexrelid = c.oid) AS clustered,
                  (SELECT json_agg(json_build_array(stxname, stxstattarget, obj_description(oid, 'pg_statistic_ext')) ORDER BY stxname) FROM pg_statistic_ext WHERE stxrelid = c.oid) AS statistics
             FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
            WHERE c.relname = ANY ('{kind,apart,note,ids,kinds,notes,"by Sum",sums,apart_id_seq}') ORDER BY 1`,
        );
      const before = await look();
      const by = (shards: number): Distribution =>
        spec(
          `shardCount: ${String(shards)}\ntables:\n  kind: { reference: true }\n  note: { distributeBy: org }\n`,
        );
      for (const expected of [by(4), by(6), spec('tables:\n  note: { local: true }\n')]) {
        await apply(expected);
        expect(await look()).toEqual(before);
      }
    } finally {
      await run(`DROP OWNED BY ${reader}`).catch(() => undefined);
      await query(
        database.platform,
        `ALTER DEFAULT PRIVILEGES FOR ROLE citus REVOKE ALL ON TABLES FROM ${reader}; DROP OWNED BY ${reader}; SELECT run_command_on_all_nodes('DROP ROLE ${reader}')`,
      ).catch(() => undefined);
    }
  });

  test('what a materialized view keeps on purpose is not replaced without an allowance', async () => {
    await run(
      `CREATE TABLE sale (org int NOT NULL, id int NOT NULL, amount numeric, share float8, PRIMARY KEY (org, id));
       INSERT INTO sale SELECT i % 9, i, i, i / 3.0 FROM generate_series(1, 90) i;
       CREATE MATERIALIZED VIEW month_end AS SELECT org, sum(amount) AS s FROM sale GROUP BY org;
       CREATE MATERIALIZED VIEW stamped AS SELECT org, clock_timestamp() AS at FROM sale;
       CREATE MATERIALIZED VIEW empty AS SELECT org FROM sale WITH NO DATA;
       INSERT INTO sale VALUES (1, 1000, 5, 5);
       CREATE MATERIALIZED VIEW fresh AS SELECT org, count(*) AS n, sum(share) AS s FROM sale GROUP BY org`,
    );
    const kept = await rowsOf('month_end', 'stamped', 'fresh');
    const given = (text: string) => ({ target: database.target, expected: spec(text) });
    const blocking = await tablesPlan(
      testContext(),
      given('online: false\ntables:\n  sale: { distributeBy: org }\n'),
    );
    // A plain table that is copied with writes waiting keeps its views as they are.
    expect(blocking.document.findings).toEqual([]);
    const online = given('shardCount: 4\ntables:\n  sale: { distributeBy: org }\n');
    const plan = await tablesPlan(testContext(), online);
    const asked = ['stale-contents:month_end', 'stale-contents:stamped'];
    expect(plan.document.findings.map(({ id, needs }) => [id, needs])).toEqual(
      asked.map((id) => [id, 'allowance']),
    );
    await expect(tablesApply(testContext(), online)).rejects.toMatchObject({ exitCode: 3 });
    expect(await rowsOf('month_end', 'stamped', 'fresh')).toEqual(kept);
    await apply(online.expected, asked);
    const [, , fresh] = kept;
    expect(await rowsOf('month_end', 'fresh')).toEqual([expect.not.arrayContaining([kept[0]]), fresh]);
  });

  test('a sequence that takes the type of its column is no difference, one that ends elsewhere is', async () => {
    await run(
      `CREATE SEQUENCE small AS smallint MINVALUE -32768 INCREMENT 7; CREATE SEQUENCE wide; CREATE SEQUENCE short MAXVALUE 500 CYCLE;
       CREATE TABLE t (org int NOT NULL, a bigint NOT NULL DEFAULT nextval('small'), b int DEFAULT nextval('wide'), c int DEFAULT nextval('short'), PRIMARY KEY (org, a));
       ALTER SEQUENCE small OWNED BY t.a; ALTER SEQUENCE short OWNED BY t.c; INSERT INTO t (org) SELECT i FROM generate_series(1, 9) i`,
    );
    const expected = spec('shardCount: 4\ntables:\n  t: { distributeBy: org }\n');
    const receipt = join(directory, 'receipt.json');
    await tablesApply(testContext(), { target: database.target, expected, receipt });
    const wrong = async (): Promise<string[]> => {
      const { document } = await tablesVerify(testContext(), { target: database.target, expected, receipt });
      return document.checks.filter(({ ok }) => !ok).map(({ id }) => id);
    };
    expect(await wrong()).toEqual([]);
    await run(
      'SET citus.enable_ddl_propagation TO off; SET citus.enable_metadata_sync TO off; ALTER SEQUENCE short MAXVALUE 600',
    );
    expect(await wrong()).toEqual(['objects:t']);
  });
});
