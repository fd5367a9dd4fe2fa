import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { loadWorkload } from '../../config/workload/workload';
import { parseQueries } from '../../config/workload/workload-queries';
import { loadDistribution } from '../../config/workload/distribution';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import type { LocalCluster } from '../../scripts/local/engines/engine';
import { parseAssumptions } from '../../scripts/advise/assume';
import { adviseDistribution, assumeQuery } from '../../scripts/advise/commands';
import type { AdviseInput } from '../../scripts/advise/commands';
import type { Advice } from '../../scripts/advise/advice-document';
import { laneSuite } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';
import { createSensors, query, testContext } from '../tables/support/sensors';
import { createPayments } from './payments';

const scratch = scratchDirectory();

laneSuite('postgres', 'advise on plain PostgreSQL', () => {
  let cluster: LocalCluster;
  let target: ConnectionTarget;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'embedded');
    cluster = await (await chooseEngine(engines, undefined)).availability.start(silentReporter);
    target = cluster.coordinator;
    mkdirSync(scratch, { recursive: true });
  }, 120_000);
  afterAll(() => cluster.stop());
  beforeEach(() => query(target, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'));

  const run = async (more: Partial<AdviseInput> = {}): Promise<Advice> =>
    (await adviseDistribution(testContext(), { target, ...more })).document;
  const decided = ({ tables }: Advice): Record<string, string> =>
    Object.fromEntries(tables.map(({ name, decision, distributeBy }) => [name, distributeBy ?? decision]));

  it.each([true, false])('sensors, workload %s: as their authors chose', async (workload) => {
    await createSensors(target, 5_000);
    await query(target, 'ANALYZE');
    const advice = await run(workload ? { queries: (await loadWorkload('sensors')).queries } : {});
    expect(decided(advice)).toEqual({ device_types: 'reference', devices: 'device_id', events: 'device_id' });
    expect(advice.caveats.some((text) => text.startsWith('no workload is known'))).toBe(!workload);
  });

  it('a role with rights on a view alone is told among what has to change first', async () => {
    await createSensors(target, 500);
    await query(
      target,
      `CREATE VIEW seen AS SELECT * FROM events; ANALYZE;
       GRANT USAGE ON SCHEMA public TO pg_monitor; GRANT SELECT ON seen TO pg_monitor`,
    );
    expect((await run()).changes).toContainEqual({
      table: 'events',
      kind: 'fault',
      blocking: true,
      text: expect.stringMatching(/read through view seen by pg_monitor without SELECT on events/) as unknown,
    });
    await query(target, 'GRANT SELECT ON events TO pg_monitor');
    expect((await run()).changes.filter(({ kind }) => kind === 'fault')).toEqual([]);
  });

  it('payments: as their authors chose, in a file that reads back, which is not written over', async () => {
    await createPayments(target, 20_000);
    await query(target, 'ANALYZE');
    const out = path.join(scratch, 'payments.yaml');
    rmSync(out, { force: true });
    const queries = (await loadWorkload('payments')).queries;
    const advice = await run({ queries, out });
    expect(decided(advice)).toEqual({
      event_types: 'reference',
      payment_merchants: 'reference',
      payment_users: 'user_id',
      payment_events: 'user_id',
    });
    const file = loadDistribution(out);
    expect(file.tables.find(({ table }) => table.name === 'payment_events')).toMatchObject({
      distributeBy: 'user_id',
      colocateWith: { name: 'payment_users' },
    });
    expect(readFileSync(out, 'utf8')).toMatch(/# - user_id rather than merchant_id/);
    await expect(run({ queries, out })).rejects.toThrow(/is there already, and it may have been edited/);
  });

  it('names publications of what it would distribute, in the words of the plan, and of nothing else', async () => {
    await createPayments(target, 2_000);
    await query(
      target,
      `CREATE TABLE alone (note text); CREATE PUBLICATION feed FOR TABLE payment_events; CREATE PUBLICATION aside FOR TABLE alone; ANALYZE`,
    );
    const { changes, tables } = await run({ queries: (await loadWorkload('payments')).queries });
    expect(tables.find(({ name }) => name === 'alone')?.decision).toBe('local');
    expect(changes.filter(({ kind }) => kind === 'replication')).toEqual([
      {
        table: '',
        kind: 'replication',
        blocking: false,
        text: expect.stringMatching(
          /^publication feed publishes table payment_events\. Citus writes rows to shards.*`tables plan` asks for publication-goes-quiet:feed$/,
        ) as string,
      },
    ]);
  });

  it('partitions are their table, and its size is theirs', async () => {
    await query(
      target,
      `CREATE TABLE owners (owner_id bigint PRIMARY KEY);
       CREATE TABLE readings (owner_id bigint NOT NULL REFERENCES owners, at int NOT NULL) PARTITION BY RANGE (at);
       CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM (0) TO (500);
       CREATE TABLE readings_b PARTITION OF readings FOR VALUES FROM (500) TO (9000);
       INSERT INTO owners SELECT generate_series(1, 300);
       INSERT INTO readings SELECT 1 + g % 300, g FROM generate_series(1, 5000) g;
       ANALYZE`,
    );
    const advice = await run({
      queries: await parseQueries(
        '-- name: both\nSELECT count(*) FROM readings r JOIN owners o USING (owner_id);\n-- name: one\nSELECT * FROM readings WHERE owner_id = 3;\n',
        'q.sql',
      ),
    });
    expect(decided(advice)).toEqual({ owners: 'owner_id', readings: 'owner_id' });
    expect(advice.tables.find(({ name }) => name === 'readings')?.bytes).toBeGreaterThan(100_000);
    expect(advice.queries.map(({ route }) => route)).toEqual(['all-shards', 'one-shard']);
  });

  it('reads joins of every kind, and takes rows and values of production for those of a copy', async () => {
    await query(
      target,
      `CREATE TABLE orgs (id bigint PRIMARY KEY);
       CREATE TABLE rates (span int4range PRIMARY KEY, tax int);
       CREATE TABLE bills (org_id bigint NOT NULL REFERENCES orgs, id bigint, at int NOT NULL, PRIMARY KEY (org_id, id));
       CREATE TABLE lines (org_id bigint NOT NULL, id bigint, bill_id bigint NOT NULL, PRIMARY KEY (org_id, id),
         FOREIGN KEY (org_id, bill_id) REFERENCES bills);
       INSERT INTO orgs SELECT generate_series(1, 9);
       INSERT INTO rates SELECT int4range(g, g + 1), g FROM generate_series(1, 50) g;
       INSERT INTO bills SELECT g % 9 + 1, g, g FROM generate_series(1, 3000) g;
       INSERT INTO lines SELECT g % 9 + 1, g, g FROM generate_series(1, 3000) g;
       ANALYZE`,
    );
    const mine = 'b.org_id = $1';
    const sql = {
      lateral: `SELECT * FROM bills b, LATERAL (SELECT * FROM lines l WHERE l.org_id = b.org_id AND l.bill_id = b.id LIMIT 3) x WHERE ${mine}`,
      operator: `SELECT * FROM bills b JOIN rates r ON r.span @> b.at WHERE ${mine}`,
      cte: `WITH b AS MATERIALIZED (SELECT * FROM bills b WHERE ${mine}) SELECT count(*) FROM b JOIN lines l USING (org_id) WHERE l.org_id = $1`,
      exists: `SELECT * FROM bills b WHERE ${mine} AND EXISTS (SELECT FROM lines l WHERE l.org_id = b.org_id AND l.bill_id = b.id)`,
      in: `SELECT * FROM bills b WHERE ${mine} AND id IN (SELECT bill_id FROM lines l WHERE l.org_id = $1)`,
      returning: 'DELETE FROM lines WHERE org_id = $1 AND id = ANY ($2) RETURNING id',
    };
    const queries = await parseQueries(
      Object.entries(sql)
        .map(([name, text]) => `-- name: ${name}\n${text};\n`)
        .join(''),
      'q.sql',
    );
    const advice = await run({ queries });
    expect(decided(advice)).toEqual({ orgs: 'id', bills: 'org_id', lines: 'org_id', rates: 'reference' });
    expect(Object.fromEntries(advice.queries.map(({ name, route }) => [name, route]))).toEqual(
      Object.fromEntries(Object.keys(sql).map((name) => [name, 'one-shard'])),
    );
    expect(advice.caveats).toContainEqual(expect.stringMatching(/^org_id: it has 9 distinct values/));
    const [row] = await query<{ file: string }>(
      target,
      `SELECT (${assumeQuery().document.query})::text AS file`,
    );
    const file = (row?.file ?? '').replaceAll(/"(distinct|rows)": 9\b/g, '"$1": 900');
    const assumed = parseAssumptions(file, 'production.json');
    expect([...assumed.keys()]).toHaveLength(4);
    const assuming = (await run({ queries, assumed })).caveats.join();
    expect(assuming).toMatch(/those that --assume gives for 4 of 4 tables/);
    expect(assuming).not.toMatch(/distinct values/);
    expect((await run({ column: 'bills.id' })).choices[0]?.because).toBe('is what --column asks for');
    await expect(run({ column: 'ogr_id' })).rejects.toThrow(/no table has a column ogr_id.*org_id/);
  });

  describe('bad input is one paragraph, and changes nothing', () => {
    it('no tables', async () => {
      await expect(run()).rejects.toThrow(/has no tables that role \w+ can see: name the database/);
    });

    it('no statistics, which are asked for and never made', async () => {
      // Fewer rows than autovacuum would analyze.
      await query(
        target,
        'CREATE TABLE few (id int PRIMARY KEY); INSERT INTO few SELECT generate_series(1, 40)',
      );
      await expect(run()).rejects.toThrow(/has no statistics of any column.*run ANALYZE/);
      expect(
        await query(target, 'SELECT count(*)::int AS n FROM pg_stats WHERE schemaname = $1', ['public']),
      ).toEqual([{ n: 0 }]);
    });

    it('a query that does not fit: its name and what the server said; no file is written', async () => {
      await createSensors(target, 500);
      await query(target, 'ANALYZE');
      const out = path.join(scratch, 'never.yaml');
      const queries = await parseQueries(
        '-- name: typo\nSELEC * FROM events;\n-- name: gone\nSELECT nothing FROM events;\n',
        'q.sql',
      );
      await expect(run({ queries, out })).rejects.toThrow(
        /2 queries of the file do not fit.*typo: .*syntax error.*gone: .*"nothing" does not exist/s,
      );
      expect(existsSync(out)).toBe(false);
    });

    it('a table that may not be read: who, which, and the GRANT', async () => {
      await createSensors(target, 500);
      await query(target, 'ANALYZE');
      await cluster.setLogin('reader', 'a-Password-1');
      await query(
        target,
        'GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON devices, device_types TO reader',
      );
      const reader = { ...target, user: 'reader', password: 'a-Password-1' };
      await expect(run({ target: reader })).rejects.toThrow(
        /role reader may not read events.*GRANT SELECT ON "public"."events" TO "reader"/s,
      );
      await query(target, 'GRANT SELECT ON events TO reader');
      expect(decided(await run({ target: reader }))).toMatchObject({ events: 'device_id' });
    });
  });
});
