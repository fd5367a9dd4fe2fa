import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { keepsColumnGrants } from '../../../scripts/citus/versions';
import { tablesApply, tablesVerify } from '../../../scripts/tables/commands';
import { readReceipt } from '../../../scripts/tables/verify/receipt';
import type { TablesVerified } from '../../../scripts/tables/verify/verify';
import type { Check } from '../../../scripts/tables/verify/check';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { scaleout } from '../../support/command-line';
import { freshOnlineDatabase } from '../support/databases';
import { createSensors, query, sensorsDistribution, testContext, sensorsQueries } from '../support/sensors';

jest.setTimeout(120_000);

/** What a schema gathers in its life, a dropped column in front included, which shifts the others when Citus copies a table. */
const LIFE = `
ALTER TABLE events ADD COLUMN gone int, ADD COLUMN weight double precision, ADD COLUMN price numeric(12, 4), ADD COLUMN ratio real;
ALTER TABLE events DROP COLUMN gone;
ALTER TABLE events ADD COLUMN note text DEFAULT 'none', ADD COLUMN serial_no bigserial;
UPDATE events SET weight = sqrt(event_id), price = event_id / 7.0, ratio = ln(event_id);
ALTER TABLE events ALTER COLUMN note SET STATISTICS 500, ALTER COLUMN payload SET STORAGE EXTERNAL, ADD CONSTRAINT whole CHECK (device_id > 0) NOT VALID;
CREATE INDEX events_created_at_idx ON events (created_at DESC) INCLUDE (note) WHERE note IS NOT NULL;
CREATE STATISTICS events_both ON device_id, created_at FROM events;
COMMENT ON TABLE events IS 'readings'; COMMENT ON COLUMN events.note IS 'what somebody said';
COMMENT ON INDEX events_created_at_idx IS 'for the newest';
GRANT SELECT ON events TO PUBLIC;
INSERT INTO device_types (device_type_id, device_type) VALUES (3, 'plane');
CREATE VIEW latest AS SELECT device_id, max(created_at) AS at FROM events GROUP BY 1`;

const SPECIFICATION = `shardCount: 4
online: false
tables:
  device_types: { reference: true }
  devices: { distributeBy: device_id }
  events: { distributeBy: device_id, colocateWith: devices, primaryKey: [device_id, event_id] }
`;

let QUERIES: readonly WorkloadQuery[] = [];
const OWN_QUERIES: readonly WorkloadQuery[] = [
  {
    name: 'numbers',
    sql: `SELECT device_id % 3 AS third, sum(weight) AS weight, avg(weight) AS mean, stddev(weight) AS spread, avg(price) AS price,
                 sum(price) AS total, avg(ratio) AS ratio, avg(device_id) AS device, count(*) AS events
            FROM events GROUP BY 1`,
  },
  { name: 'everything', sql: 'SELECT * FROM events e JOIN devices d USING (device_id)' },
  { name: 'no-such-table', sql: 'SELECT * FROM readings' },
  { name: 'a-write', sql: 'DELETE FROM events' },
];

platformSuite('a receipt of tables apply', () => {
  const expected = sensorsDistribution({ online: false });
  const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-receipt-'));
  const receipt = path.join(directory, 'receipt.json');
  const context = testContext();
  let database: TestDatabase;
  let applied: Awaited<ReturnType<typeof tablesApply>>;
  beforeAll(async () => {
    QUERIES = [...(await sensorsQueries()), ...OWN_QUERIES];
    database = await freshCitusDatabase({ workers: 2 });
    await createSensors(database.target, 2_000);
    await query(database.target, LIFE);
    applied = await tablesApply(context, { target: database.target, expected, queries: QUERIES, receipt });
  });
  afterAll(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });
  const verify = async (queries: readonly WorkloadQuery[] = QUERIES): Promise<readonly Check[]> =>
    (await tablesVerify(testContext(), { target: database.target, expected, queries, receipt })).document
      .checks;
  // Few shards, so that the task counts are not those of the workload's file.
  const isWrong = ({ ok, id }: Check): boolean => !ok && !id.startsWith('query:');

  test('nothing differs: rows, answers, and all that belongs to the tables', () => {
    const { rows, answers, objects } = applied.document;
    expect(context.lines.filter((line) => / than at | gone| different/.test(line))).toEqual([]);
    expect(rows?.tables.filter(({ same }) => !same)).toEqual([]);
    expect(objects.filter(({ same }) => !same)).toEqual([]);
    expect(objects.map(({ table }) => table)).toEqual(['device_types', 'devices', 'events']);
    expect(answers.map(({ query: name, same }) => [name, same])).toEqual([
      ['outliers', true],
      ['device-42', true],
      ['numbers', true],
      ['everything', true],
      ['no-such-table', null],
      ['a-write', null],
    ]);
    expect(applied.text).toMatch(/4 of 4 queries give the same answer.*as before on 3 of 3 tables/);
    expect(context.lines).toContainEqual(
      expect.stringMatching(/query no-such-table is not compared: relation "readings" does not exist/),
    );
    expect(context.lines).toContainEqual(expect.stringMatching(/^counting and hashing rows/));
  });

  test('the file holds both sides, the steps and no content, and nothing else lies beside it', () => {
    const { before, after, applied: steps, compared } = readReceipt(receipt);
    expect(before?.rows).toEqual(after.rows);
    expect(before?.objects['events']).toHaveProperty('index events_created_at_idx');
    expect(compared?.answers).toHaveLength(QUERIES.length);
    expect(steps.map(({ id }) => id)).toContain('distribute:events');
    expect(JSON.stringify(readReceipt(receipt))).not.toMatch(/readings|what somebody said|SELECT/);
    expect(readdirSync(directory)).toEqual(['receipt.json']);
  });

  test.each<[string, string, string, string[]]>([
    [
      'a row changed',
      "UPDATE events SET note = 'other' WHERE device_id = 9 AND event_id = 8",
      "UPDATE events SET note = 'none' WHERE device_id = 9 AND event_id = 8",
      [
        'rows:events 2,000 rows as before, but not the same ones',
        'answer:everything 2,000 rows as before, but not the same ones',
      ],
    ],
    [
      'a device deleted and another inserted',
      "DELETE FROM device_types WHERE device_type_id = 3; INSERT INTO device_types (device_type_id, device_type) VALUES (4, 'ship')",
      "DELETE FROM device_types WHERE device_type_id = 4; INSERT INTO device_types (device_type_id, device_type) VALUES (3, 'plane')",
      ['rows:device_types 3 rows as before, but not the same ones'],
    ],
    [
      'an index dropped',
      'DROP INDEX events_created_at_idx',
      `CREATE INDEX events_created_at_idx ON events (created_at DESC) INCLUDE (note) WHERE note IS NOT NULL;
         COMMENT ON INDEX events_created_at_idx IS 'for the newest'`,
      [
        'objects:events table events: comment on index events_created_at_idx is gone, index events_created_at_idx is gone',
      ],
    ],
    [
      'a default, a grant and a comment',
      "ALTER TABLE events ALTER COLUMN note SET DEFAULT 'some'; REVOKE SELECT ON events FROM PUBLIC; COMMENT ON TABLE events IS NULL",
      "ALTER TABLE events ALTER COLUMN note SET DEFAULT 'none'; GRANT SELECT ON events TO PUBLIC; COMMENT ON TABLE events IS 'readings'",
      ['objects:events table events: comment is gone, column note is different, grants is different'],
    ],
    [
      'a foreign key dropped',
      'ALTER TABLE events DROP CONSTRAINT events_device_id_fkey',
      'ALTER TABLE events ADD CONSTRAINT events_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices (device_id)',
      ['objects:events table events: foreign key events_device_id_fkey is gone'],
    ],
  ])('%s: verify names exactly it', async (_what, spoil, mend, faults) => {
    for (const statement of spoil.split(';')) await query(database.target, statement);
    const { document, outcome } = await tablesVerify(testContext(), {
      target: database.target,
      expected,
      queries: QUERIES,
      receipt,
    });
    expect(document.checks.filter(isWrong).map(({ id, detail }) => `${id} ${detail}`)).toEqual(faults);
    expect(outcome).toBe('failed');
    for (const statement of mend.split(';')) await query(database.target, statement);
  });

  test('the database as it was left passes, after all of that', async () => {
    const checks = await verify();
    expect(checks.filter(isWrong)).toEqual([]);
    expect(checks).toContainEqual({ id: 'rows:events', ok: true, detail: '2,000 rows, the same as before' });
    expect(checks).toContainEqual({
      id: 'answer:device-42',
      ok: true,
      detail: expect.stringMatching(/^\d+ rows, the same as before$/) as string,
    });
  });

  test('the command line ends with 1, and the document names what is wrong', async () => {
    const { host, port, database: name } = database.target;
    const [specification, queries] = [path.join(directory, 'spec.yaml'), path.join(directory, 'queries.sql')];
    writeFileSync(specification, SPECIFICATION);
    writeFileSync(
      queries,
      `-- name: everything\n${QUERIES.find((each) => each.name === 'everything')!.sql};\n`,
    );
    const url = `postgresql://citus@${host}:${String(port)}/${name}`;
    const common = [
      '--url',
      url,
      '--spec',
      specification,
      '--queries',
      queries,
      '--receipt',
      receipt,
      '--json',
    ];
    const verified = async (): Promise<unknown> => {
      const { status, stdout, stderr } = await scaleout(['tables', 'verify', ...common], {
        PGPASSWORD: database.target.password,
      });
      if (stdout === '') throw new Error(stderr);
      const { ok, checks } = JSON.parse(stdout) as TablesVerified;
      return { status, ok, wrong: checks.filter((check) => !check.ok) };
    };
    expect(await verified()).toEqual({ status: 0, ok: true, wrong: [] });
    await query(database.target, 'DROP STATISTICS events_both');
    expect(await verified()).toEqual({
      status: 1,
      ok: false,
      wrong: [{ id: 'objects:events', ok: false, detail: 'table events: statistics events_both is gone' }],
    });
    await query(database.target, 'CREATE STATISTICS events_both ON device_id, created_at FROM events');
  });

  test('queries that are not given, or are others by the same name, are not compared, and said', async () => {
    const checks = await verify([{ name: 'numbers', sql: 'SELECT 1' }]);
    expect(checks.filter(({ id }) => id.startsWith('answer:')).map(({ warning }) => warning)).toEqual(
      QUERIES.map(() => true),
    );
  });

  test('a run with nothing to do writes the state as it was found, and says so', async () => {
    const again = path.join(directory, 'again.json');
    const told = testContext();
    const { text } = await tablesApply(told, {
      target: database.target,
      expected,
      queries: QUERIES,
      receipt: again,
    });
    expect(text).toMatch(/Nothing to do/);
    expect(told.lines).toContainEqual(expect.stringContaining('the database as it was found'));
    expect(readReceipt(again)).toMatchObject({ before: null, compared: null, applied: [] });
    expect(readReceipt(again).after.rows).toEqual(readReceipt(receipt).after.rows);
  });

  test('verify names a shard that is not like the others of its table', async () => {
    const odd = async (): Promise<Check[]> => (await verify([])).filter(({ id }) => id.startsWith('shards:'));
    expect(await odd()).toEqual([]);
    await query(
      database.platform,
      `SELECT master_run_on_worker(ARRAY[nodename], ARRAY[nodeport], ARRAY[format(statement, shard_name, shardid)], true)
         FROM (SELECT * FROM citus_shards WHERE table_name = 'events'::regclass ORDER BY shardid LIMIT 1) shard,
              unnest(ARRAY['ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY', 'DROP INDEX public.events_created_at_idx_%2$s', 'ALTER TABLE %1$s DROP CONSTRAINT whole_%2$s',
                           'REVOKE SELECT ON %1$s FROM PUBLIC', 'ALTER TABLE %1$s ALTER COLUMN created_at DROP NOT NULL']) statement`,
    );
    expect(await odd()).toEqual([
      {
        id: 'shards:events',
        ok: false,
        detail: expect.stringMatching(
          /^not as the table, or not as its other shards: row-level security of public\.events_\d+ on \S+:\d+, indexes of .*, constraints of .*, and 2 more/,
        ) as string,
      },
    ]);
  });
});

platformSuite('a receipt of tables apply while writes go on', () => {
  test('nothing differs where Citus makes the table anew; grants on columns that it would forget are refused', async () => {
    const database = await freshOnlineDatabase({ workers: 2 });
    try {
      const { target } = database;
      const input = { target, expected: sensorsDistribution({ online: true }), queries: QUERIES };
      await createSensors(target, 2_000);
      await query(target, LIFE);
      await query(target, 'GRANT UPDATE (note) ON events TO PUBLIC');
      const [citus] = await query<{ version: string }>(
        target,
        "SELECT extversion AS version FROM pg_extension WHERE extname = 'citus'",
      );
      const keepsGrants = keepsColumnGrants(citus?.version);
      if (!keepsGrants) {
        await expect(tablesApply(testContext(), input)).rejects.toThrow(
          /events has grants on column note, and Citus takes none.*Nothing was changed/,
        );
        await query(target, 'REVOKE UPDATE (note) ON events FROM PUBLIC');
      }
      const { document } = await tablesApply(testContext(), input);
      const granted = await query<{ columns: string }>(
        target,
        `SELECT DISTINCT result AS columns
           FROM run_command_on_shards('events', $$SELECT count(*) FROM pg_attribute WHERE attrelid = '%s'::regclass AND attacl IS NOT NULL$$)`,
      );
      expect(granted).toEqual([{ columns: keepsGrants ? '1' : '0' }]);
      expect(document.rows?.tables.filter(({ same }) => !same)).toEqual([]);
      expect(document.answers.filter(({ same }) => same === false)).toEqual([]);
      expect(document.objects.filter(({ same }) => !same)).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

platformSuite('a receipt of another database', () => {
  test('is refused, and a file that cannot be written is said before anything is done', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-receipt-'));
    const databases = [await freshCitusDatabase({ workers: 0 }), await freshCitusDatabase({ workers: 0 })];
    try {
      const expected = { ...sensorsDistribution({ online: false }), tables: [] };
      const receipt = path.join(directory, 'receipt.json');
      const [mine, other] = databases.map(({ target }) => target);
      await tablesApply(testContext(), { target: mine!, expected, receipt });
      await expect(tablesVerify(testContext(), { target: other!, expected, receipt })).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(
          /is of another database: of "test_.*, and this is "test_.*nothing was changed/,
        ) as string,
      });
    } finally {
      for (const database of databases) await database.drop();
      rmSync(directory, { recursive: true });
    }
  });
});
