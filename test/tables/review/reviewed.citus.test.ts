import type { Distribution, ExpectedTable } from '../../../config/workload/distribution-types';
import { withClient } from '../../../scripts/lib/connection';
import { InterruptedError } from '../../../scripts/lib/errors';
import { tablesApply, tablesPlan, tablesVerify } from '../../../scripts/tables/commands';
import { fingerprintTables } from '../../../scripts/database/observe/fingerprint';
import { inspectDatabase } from '../../../scripts/database/inspect/inspect';
import { planTables } from '../../../scripts/tables/plan/plan';
import type { SealedPlan } from '../../../scripts/tables/review/plan-file';
import { requireReviewed } from '../../../scripts/tables/review/reviewed';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { named } from '../support/catalog';
import { freshOnlineDatabase } from '../support/databases';
import { createSensors, query, sensorsDistribution, session, testContext } from '../support/sensors';

jest.setTimeout(180_000);

/** All that can hang on a table and that Citus takes along. */
const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE users (user_id int, kind_id int REFERENCES kinds, seen timestamptz DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (user_id) WITH (fillfactor = 80), CHECK (user_id > 0));
CREATE TABLE "Payments" (payment_id bigserial, user_id int, cents int, euros numeric GENERATED ALWAYS AS (cents / 100.0) STORED,
  PRIMARY KEY (payment_id), CONSTRAINT whose FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE, UNIQUE (user_id, payment_id)) WITH (fillfactor = 90);
CREATE INDEX by_cents ON "Payments" (cents DESC) INCLUDE (user_id) WITH (fillfactor = 70) WHERE cents > 10;
CREATE STATISTICS together (dependencies) ON user_id, cents FROM "Payments";
CREATE VIEW totals AS SELECT user_id, sum(cents) FROM "Payments" GROUP BY 1;
ALTER TABLE "Payments" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "Payments" USING (cents > 0);
GRANT SELECT ON "Payments" TO PUBLIC;
COMMENT ON TABLE "Payments" IS 'all of them';
COMMENT ON COLUMN "Payments".cents IS 'of a euro';
COMMENT ON INDEX by_cents IS 'fast';
COMMENT ON CONSTRAINT whose ON "Payments" IS 'the user';
COMMENT ON CONSTRAINT "Payments_user_id_payment_id_key" ON "Payments" IS 'one each';
COMMENT ON CONSTRAINT users_kind_id_fkey ON users IS 'which';
COMMENT ON TABLE users IS 'people';
INSERT INTO kinds VALUES (1, 'a'), (2, 'b');
INSERT INTO users SELECT i, 1 + i % 2 FROM generate_series(1, 50) i;
INSERT INTO "Payments" (user_id, cents) SELECT 1 + i % 50, i FROM generate_series(1, 500) i;
`;

const names = ['kinds', 'users', 'Payments'].map(named);
const spec = (online: boolean, shardCount = 4): Distribution => {
  const [kinds, users, payments] = names as [
    ExpectedTable['table'],
    ExpectedTable['table'],
    ExpectedTable['table'],
  ];
  return {
    shardCount,
    online,
    tables: [
      { kind: 'reference', table: kinds },
      { kind: 'distributed', table: users, distributeBy: 'user_id' },
      {
        kind: 'distributed',
        table: payments,
        distributeBy: 'user_id',
        colocateWith: users,
        primaryKey: ['user_id', 'payment_id'],
      },
    ],
  };
};
const local: Distribution = { ...spec(false), tables: names.map((table) => ({ kind: 'local', table })) };

/** What a run says of a step that it has done. */

platformSuite('a reviewed plan that is applied step by step', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test.each([[true], [false]])(
    'online: %s: a run that is stopped after every step goes on under the same plan, there, sideways and back',
    async (online) => {
      database = await (online ? freshOnlineDatabase : freshCitusDatabase)({ workers: 2 });
      const { target } = database;
      await query(target, SCHEMA);
      const before = await withClient(target, (client) => fingerprintTables(client, names));
      for (const expected of [spec(online), spec(online, 8), local]) {
        const reviewed = (await tablesPlan(testContext(), { target, expected })).document;
        const ran: string[] = [];
        for (let done = false; !done;) {
          const context = testContext((event, stop) => {
            if (event.name === 'step.done') stop();
          });
          done = await tablesApply(context, { target, expected, reviewed }).then(
            () => true,
            (error: unknown) => {
              if (error instanceof InterruptedError) return false;
              throw error;
            },
          );
          ran.push(...context.events.flatMap((event) => (event.name === 'step.done' ? [event.step] : [])));
        }
        expect(ran).toHaveLength(reviewed.steps.length);
        const verified = await tablesVerify(testContext(), {
          target,
          expected,
          expectedFingerprints: before,
        });
        expect(verified.document.checks.filter((check) => !check.ok)).toEqual([]);
      }
    },
  );
});

platformSuite('a reviewed plan that is broken off in the middle of a step', () => {
  let database: TestDatabase;
  afterEach(async () => {
    await database.drop();
  });

  test('goes on from an unfinished index and from a table that was left local, by what it was reviewed for', async () => {
    database = await freshOnlineDatabase({ workers: 2 });
    const { target } = database;
    await query(target, SCHEMA);
    const before = await withClient(target, (client) => fingerprintTables(client, names));
    const expected = spec(true);
    const reviewed = (await tablesPlan(testContext(), { target, expected })).document;

    const holder = await session(target);
    const writing = testContext((event) => {
      if (event.name === 'step.done' && event.step.startsWith('set-not-null'))
        void holder.query('BEGIN; INSERT INTO "Payments" (user_id, cents) VALUES (1, 1)');
    });
    const locks = { timeoutMs: 150, longWorkTimeoutMs: 300, attempts: 1, pauseMs: 10 };
    await expect(tablesApply(writing, { target, expected, reviewed, locks })).rejects.toThrow(
      /build-key-index:Payments did not get its lock/,
    );
    await holder.query('ROLLBACK');
    await holder.end();

    const context = testContext((event, stop) => {
      if (event.name === 'step.started' && event.step === 'distribute:Payments') setTimeout(stop, 1_000);
    });
    await expect(tablesApply(context, { target, expected, reviewed })).rejects.toThrow(InterruptedError);
    expect(context.lines.join('\n')).toMatch(/drop-leftover-index:Payments .*\nbuild-key-index:Payments/);
    expect(
      await query(
        target,
        `SELECT partmethod FROM pg_dist_partition WHERE logicalrelid = '"Payments"'::regclass`,
      ),
    ).toEqual([{ partmethod: 'n' }]);

    await tablesApply(testContext(), { target, expected, reviewed });
    const verified = await tablesVerify(testContext(), { target, expected, expectedFingerprints: before });
    expect(verified.document.checks.filter((check) => !check.ok)).toEqual([]);
  });
});

platformSuite('a database that changed since its plan was made', () => {
  const expected = sensorsDistribution({ online: false });
  let database: TestDatabase;
  let reviewed: SealedPlan;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await createSensors(database.target, 100);
    await query(
      database.target,
      `CREATE VIEW recent AS SELECT * FROM events WHERE event_id > 5;
       ALTER TABLE devices ADD CONSTRAINT named CHECK (name <> '');
       CREATE TABLE elsewhere (device_id int)`,
    );
    reviewed = (await tablesPlan(testContext(), { target: database.target, expected })).document;
  });
  afterAll(async () => {
    await database.drop();
  });

  const look = (): Promise<void> =>
    withClient(database.target, async (client) => {
      const live = await inspectDatabase(client, expected);
      requireReviewed(reviewed, planTables(expected, live), live, false);
    });

  test.each<[string, string, string, RegExp]>([
    [
      'a column',
      'ALTER TABLE devices ADD note text',
      'ALTER TABLE devices DROP note',
      /column note of table devices is new/,
    ],
    [
      'a default',
      "ALTER TABLE devices ALTER name SET DEFAULT 'x'",
      'ALTER TABLE devices ALTER name DROP DEFAULT',
      /column name of table devices is different/,
    ],
    [
      'a type',
      'ALTER TABLE devices ALTER name TYPE varchar(90)',
      'ALTER TABLE devices ALTER name TYPE text',
      /column name of table devices is different/,
    ],
    [
      'NOT NULL',
      'ALTER TABLE elsewhere ADD PRIMARY KEY (device_id); ALTER TABLE devices ALTER name DROP NOT NULL',
      'ALTER TABLE elsewhere DROP CONSTRAINT elsewhere_pkey; ALTER TABLE devices ALTER name SET NOT NULL',
      /not null name of table devices is different/,
    ],
    [
      'an index',
      'CREATE INDEX late ON events (device_id)',
      'DROP INDEX late',
      /index late of table events is new/,
    ],
    [
      'a unique constraint',
      'ALTER TABLE events ADD CONSTRAINT late UNIQUE (device_id, event_id)',
      'ALTER TABLE events DROP CONSTRAINT late',
      /key late of table events is new/,
    ],
    [
      'a check',
      "ALTER TABLE devices DROP CONSTRAINT named, ADD CONSTRAINT named CHECK (name <> 'x')",
      "ALTER TABLE devices DROP CONSTRAINT named, ADD CONSTRAINT named CHECK (name <> '')",
      /constraint named of table devices is different/,
    ],
    [
      'a foreign key',
      'ALTER TABLE events ADD CONSTRAINT late FOREIGN KEY (device_id) REFERENCES devices',
      'ALTER TABLE events DROP CONSTRAINT late',
      /foreign key late of table events is new/,
    ],
    [
      'what a foreign key does',
      'ALTER TABLE events DROP CONSTRAINT events_device_id_fkey, ADD FOREIGN KEY (device_id) REFERENCES devices ON DELETE CASCADE',
      'ALTER TABLE events DROP CONSTRAINT events_device_id_fkey, ADD FOREIGN KEY (device_id) REFERENCES devices',
      /foreign key events_device_id_fkey of table events is different/,
    ],
    [
      'a table that refers to one of them',
      'ALTER TABLE elsewhere ADD CONSTRAINT late FOREIGN KEY (device_id) REFERENCES device_types',
      'ALTER TABLE elsewhere DROP CONSTRAINT late',
      /table elsewhere is new/,
    ],
    [
      'a policy',
      'CREATE POLICY late ON events USING (true)',
      'DROP POLICY late ON events',
      /policy late of table events is new/,
    ],
    [
      'row-level security',
      'ALTER TABLE events ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE events DISABLE ROW LEVEL SECURITY',
      /row.level security of table events is different/,
    ],
    [
      'a view',
      'CREATE VIEW late AS SELECT * FROM events',
      'DROP VIEW late',
      /view public.late of table events is new/,
    ],
    [
      'what a view selects',
      'CREATE OR REPLACE VIEW recent AS SELECT * FROM events WHERE event_id > 6',
      'CREATE OR REPLACE VIEW recent AS SELECT * FROM events WHERE event_id > 5',
      /view public.recent of table events is different/,
    ],
    [
      'a rule',
      'CREATE RULE late AS ON DELETE TO events DO INSTEAD NOTHING',
      'DROP RULE late ON events',
      /rule late of table events is new/,
    ],
    [
      'statistics',
      'CREATE STATISTICS late ON device_id, event_id FROM events',
      'DROP STATISTICS late',
      /statistics late of table events is new/,
    ],
    [
      'storage',
      'ALTER TABLE events SET (fillfactor = 50)',
      'ALTER TABLE events RESET (fillfactor)',
      /storage of table events is different/,
    ],
    [
      'a sequence',
      'ALTER SEQUENCE devices_device_id_seq INCREMENT 2',
      'ALTER SEQUENCE devices_device_id_seq INCREMENT 1',
      /sequence public.devices_device_id_seq of table devices is different/,
    ],
    [
      'replica identity',
      'ALTER TABLE events REPLICA IDENTITY FULL',
      'ALTER TABLE events REPLICA IDENTITY DEFAULT',
      /replica identity of table events is different/,
    ],
    [
      'logging',
      'ALTER TABLE events SET UNLOGGED',
      'ALTER TABLE events SET LOGGED',
      /kind of table events is different/,
    ],
    [
      'what somebody made of a table',
      "SELECT create_reference_table('device_types')",
      "SELECT undistribute_table('device_types', cascade_via_foreign_keys => true)",
      /citus of table device_types is different/,
    ],
    [
      'what the first step would have done, by hand',
      'CREATE UNIQUE INDEX scaleout_key_events ON events (device_id, event_id)',
      'DROP INDEX scaleout_key_events',
      /index scaleout_key_events of table events is new/,
    ],
    [
      'a trigger, which Citus refuses to begin with',
      `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER late BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION late()`,
      'DROP TRIGGER late ON events; DROP FUNCTION late()',
      /trigger/,
    ],
    [
      'the name of a table',
      'ALTER TABLE events RENAME TO events_2',
      'ALTER TABLE events_2 RENAME TO events',
      /there is no table events/,
    ],
  ])('is refused: %s', async (_what, sql, undo, words) => {
    await query(database.target, sql);
    const refusal = await look().catch((error: unknown) => error);
    await query(database.target, undo);
    expect(refusal).toMatchObject({ message: expect.stringMatching(words) as string });
    expect((refusal as Error).message).toMatch(/[Nn]othing was changed/);
    await look();
  });

  test('is refused: an owner', async () => {
    const asPlatform = { ...database.platform, database: database.target.database };
    await query(asPlatform, 'ALTER TABLE events OWNER TO postgres');
    const refusal = await look().catch((error: unknown) => error);
    await query(asPlatform, 'ALTER TABLE events OWNER TO citus');
    expect(refusal).toMatchObject({
      message: expect.stringMatching(/owner of table events|belongs to/) as string,
    });
    await look();
  });

  test('is accepted with more rows, tables, grants, comments that no step touches, and nodes', async () => {
    await query(
      database.target,
      `INSERT INTO events (device_id, payload) SELECT 1, '{}' FROM generate_series(1, 90); ANALYZE;
       CREATE TABLE unrelated (id int PRIMARY KEY); GRANT SELECT ON events TO PUBLIC; COMMENT ON TABLE events IS 'new'`,
    );
    await look();
    await query(
      { ...database.platform, database: database.target.database },
      "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM pg_dist_node WHERE groupid = 2",
    );
    await look();
    const { document } = await tablesApply(testContext(), { target: database.target, expected, reviewed });
    expect(document.applied.map((step) => step.id)).toEqual(reviewed.steps.map((step) => step.id));
  });
});
