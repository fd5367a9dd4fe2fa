import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Advice } from '../../scripts/advise/advice-document';
import { adviseDistribution } from '../../scripts/advise/commands';
import { checkMigration } from '../../scripts/advise/migration/check';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import type { LocalCluster } from '../../scripts/local/engines/engine';
import { laneSuite } from '../support/lanes';
import { query, testContext } from '../tables/support/sensors';
import { runMigrationFile, SCHEMA } from './migrations';

/** What the old application does all day, on columns that it knows. */
const APPLICATION = [
  `INSERT INTO "Orders" (id, tenant_id) VALUES ($1, 7)`,
  `INSERT INTO lines (id, "order", sku) VALUES ($1, $1, 'new')`,
  'INSERT INTO refunds (id, line_id, amount) VALUES ($1, $1, 1)',
  `INSERT INTO members (id, tenant_id, name) VALUES ($1, 7, 'new')`,
  'INSERT INTO visits (id, tenant_id, member_id) VALUES ($1, 7, $1)',
  `INSERT INTO shipments (id, order_id, sent) VALUES ($1, $1, '2026-05-01')`,
  `UPDATE lines SET sku = 'changed' WHERE id = $1`,
];

laneSuite('postgres', 'a migration that advise writes', () => {
  let cluster: LocalCluster;
  let target: ConnectionTarget;
  let home: string;
  let files: string[];
  let next = 1_000_000;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'embedded');
    cluster = await (await chooseEngine(engines, undefined)).availability.start(silentReporter);
    target = cluster.coordinator;
    home = mkdtempSync(join(tmpdir(), 'scaleout-migration-'));
    await query(target, SCHEMA);
    await query(target, 'ANALYZE');
  }, 120_000);
  afterAll(async () => {
    rmSync(home, { recursive: true });
    await cluster.stop();
  });

  const directory = () => join(home, 'migration');
  const advice = async (more = {}): Promise<Advice> =>
    (await adviseDistribution(testContext(), { target, ...more })).document;
  const check = async () =>
    (await checkMigration(testContext(), { target, directory: directory() })).document;
  const act = () =>
    withClient(target, async (client) => {
      next += 1;
      for (const sql of APPLICATION) await client.query(sql, [next]);
    });
  async function actAllTheTime(times: number): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) await act();
  }
  const rows = () =>
    withClient(target, async (client) => {
      const { rows: found } = await client.query<{ digest: string }>(
        `SELECT (SELECT count(*) || md5(string_agg(id || sku || "order", ',' ORDER BY id)) FROM lines) ||
                (SELECT count(*) || md5(string_agg(id || '-' || line_id, ',' ORDER BY id)) FROM refunds) ||
                (SELECT count(*) || md5(string_agg(id || '-' || coalesce(member_id, 0), ',' ORDER BY id)) FROM visits) AS digest`,
      );
      return found[0]?.digest;
    });
  const uniqueIndexes = () =>
    withClient(target, async (client) => {
      const { rows: found } = await client.query(
        'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indisunique AND indexrelid >= 16384 ORDER BY 1',
      );
      return found as { name: string }[];
    });
  const definitions = () =>
    withClient(target, async (client) => {
      const { rows: found } = await client.query(
        `SELECT conrelid::regclass::text AS "table", conname, pg_get_constraintdef(oid) AS definition, convalidated
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`,
      );
      const { rows: columns } = await client.query(
        `SELECT attrelid::regclass::text, attname, attnotnull FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2`,
      );
      return { found, columns };
    });

  const run = (file: string, most?: number): Promise<void> =>
    runMigrationFile(target, join(directory(), file), most);

  test('is ordered files, each with what it locks, and nothing else changed', async () => {
    const before = await definitions();
    const { migration } = await advice({ migration: directory() });
    expect(await definitions()).toEqual(before);
    files = readdirSync(directory()).filter((name) => name.endsWith('.sql'));
    expect(files).toEqual([
      '01-columns.sql',
      '02-backfill.sql',
      '03-not-null.sql',
      '04-unique-keys.sql',
      '05-foreign-keys.sql',
      '06-old-foreign-keys.sql',
      '07-primary-keys.sql',
      '08-triggers.sql',
    ]);
    expect(migration.filter(({ phase }) => phase === 'columns').map(({ table }) => table)).toEqual([
      'lines',
      'shipments',
      'refunds',
    ]);
    const check0 = await check();
    expect(check0.next).toBe('01-columns.sql');
    expect(readFileSync(join(directory(), 'README.md'), 'utf8')).toContain('ON CONFLICT');
  });

  test('the application goes on between any two files, a file that broke off is run again, and no row is lost', async () => {
    for (const file of files) {
      await act();
      if (file === '08-triggers.sql') break;
      // Broken off anywhere, then whole, then once more though it is done.
      await run(file, 2);
      const broken = await check();
      expect(broken.next).toBe(file);
      // A foreign key that is not validated is none; that of the partitioned table is from the start.
      if (file === '05-foreign-keys.sql') {
        expect(
          broken.steps.filter((step) => step.file === file && step.done && !step.id.includes('shipments')),
        ).toEqual([]);
      }
      await act();
      await Promise.all([run(file), actAllTheTime(10)]);
      const before = await rows();
      await run(file);
      expect(await rows()).toBe(before);
      expect((await check()).steps.filter((step) => step.file === file && !step.done)).toEqual([]);
    }
    expect((await check()).next).toBe('08-triggers.sql');
    const { found } = await definitions();
    const indexes = await uniqueIndexes();
    for (const file of files.slice(0, -1)) await run(file);
    expect([await definitions(), await uniqueIndexes()]).toMatchObject([{ found }, indexes]);
    expect(found).toContainEqual({
      table: 'lines',
      conname: expect.stringMatching(/^scaleout_fk_/) as string,
      definition: 'FOREIGN KEY (tenant_id, "order") REFERENCES "Orders"(tenant_id, id) ON DELETE CASCADE',
      convalidated: true,
    });
    expect(found).toContainEqual(
      expect.objectContaining({ conname: 'Orders_pkey', definition: 'PRIMARY KEY (tenant_id, id)' }),
    );
    await withClient(target, async (client) => {
      const { rows: wrong } = await client.query(
        `SELECT count(*)::int AS wrong FROM refunds r JOIN lines l ON l.id = r.line_id JOIN "Orders" o ON o.id = l."order"
          WHERE r.tenant_id IS DISTINCT FROM o.tenant_id OR l.tenant_id IS DISTINCT FROM o.tenant_id`,
      );
      expect(wrong).toEqual([{ wrong: 0 }]);
    });
  });

  test('leaves nothing to add: the advice after it is ready but for the triggers', async () => {
    await query(target, 'ANALYZE');
    const after = await advice();
    expect(after.tables.filter(({ lacksColumn }) => lacksColumn)).toEqual([]);
    expect(after.migration.map(({ phase }) => phase)).toEqual(['triggers', 'triggers', 'triggers']);
  });

  test('is taken back by its reverse, to what was there before', async () => {
    for (const file of [...files].reverse()) {
      if (readdirSync(join(directory(), 'reverse')).includes(file)) await run(join('reverse', file));
      await act();
    }
    const { found, columns } = await definitions();
    expect(found.filter(({ conname }: { conname: string }) => conname.startsWith('scaleout_'))).toEqual([]);
    expect(found).toContainEqual(
      expect.objectContaining({ conname: 'Orders_pkey', definition: 'PRIMARY KEY (id)' }),
    );
    expect(columns).not.toContainEqual(expect.objectContaining({ attrelid: 'lines', attname: 'tenant_id' }));
    expect((await check()).next).toBe('01-columns.sql');
  });

  test('refuses a directory that is not free, and one that is no migration', async () => {
    await expect(advice({ migration: directory() })).rejects.toMatchObject({ code: 'file.exists' });
    await expect(checkMigration(testContext(), { target, directory: home })).rejects.toMatchObject({
      code: 'file.unreadable',
    });
    writeFileSync(join(home, 'migration.json'), '{"formatVersion": 2}');
    await expect(checkMigration(testContext(), { target, directory: home })).rejects.toMatchObject({
      code: 'file.wrong-kind',
    });
  });
});
