import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadDistribution } from '../../config/workload/distribution';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import type { LocalCluster } from '../../scripts/local/engines/engine';
import type { Advice } from '../../scripts/advise/advice-document';
import { laneSuite } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';
import { createSensors, query } from '../tables/support/sensors';
import { advise, expectFault } from './run-advise';

const scratch = scratchDirectory();
const QUERIES = path.join(__dirname, '..', '..', 'config', 'workloads', 'sensors', 'queries.sql');

laneSuite('postgres', 'advise on the command line', () => {
  let cluster: LocalCluster;
  let target: ConnectionTarget;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'embedded');
    cluster = await (await chooseEngine(engines, undefined)).availability.start(silentReporter);
    target = cluster.coordinator;
    mkdirSync(scratch, { recursive: true });
    await createSensors(target, 4_000);
    await query(target, 'ANALYZE');
  }, 120_000);
  afterAll(() => cluster.stop());

  it('says for people what to do, why, how queries would run, and what comes next', async () => {
    const { status, stdout, stderr } = await advise(target, '--queries', QUERIES);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Tables\n/);
    expect(stdout).toMatch(/^ +events +distribute by device_id +devices +4,000 /m);
    expect(stdout).toMatch(/^ +device_types +reference +2 /m);
    expect(stdout).toMatch(/^ +device-42 +50 % +one shard +holds device_id to one value$/m);
    expect(stdout).toMatch(/^ +outliers +50 % +all shards /m);
    expect(stdout).toMatch(/--out FILE writes it as a distribution\.yaml to edit/);
  });

  it('prints one JSON document with --json, words for people on stderr, and the shards that were asked for', async () => {
    const out = path.join(scratch, 'sensors.yaml');
    const { status, stdout, stderr } = await advise(
      target,
      ...['--queries', QUERIES, '--shards', '48', '--json', '--out', out],
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/^ *wrote .*sensors\.yaml\n$/);
    const document = JSON.parse(stdout) as Advice;
    expect(document).toMatchObject({ formatVersion: 1, shardCount: 48, groups: [{ column: 'device_id' }] });
    expect(document.queries.map(({ name, tasks }) => [name, tasks])).toEqual([
      ['outliers', 'all'],
      ['device-42', 1],
    ]);
    const written = loadDistribution(out);
    expect(written.shardCount).toBe(48);
    expect(written.tables).toHaveLength(3);
  });

  it.each(['html', 'md', 'json'])(
    'writes what it takes as %s, and never over what is there',
    async (ending) => {
      const file = path.join(scratch, `report.${ending}`);
      const ask = () =>
        advise(target, ...['--queries', QUERIES, '--report', file, '--growth', '10', '--connections', '300']);
      expect((await ask()).status).toBe(0);
      const text = readFileSync(file, 'utf8');
      expect(text).toMatch(
        { html: /^<!doctype html>/, md: /^# Distributing /, json: /"complexity": "low"/ }[ending] ?? '',
      );
      expect(text).toContain(ending === 'json' ? '"growth": 10' : 'outliers');
      expectFault(await ask(), new RegExp(`report\\.${ending} is there already`));
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('says what a report may be written as, before it reads anything', async () => {
    expectFault(
      await advise(undefined, '--url', 'postgresql://nobody@127.0.0.1:1/none', '--report', 'report.pdf'),
      /report\.pdf says not what the report is to be written as: name a file that ends in \.html, \.md or \.json/,
    );
  });

  it('holds a column against the shards there will be', async () => {
    // 100 devices spread over 32 shards, and not over 128.
    const few = JSON.parse((await advise(target, '--json', '--shards', '128')).stdout) as Advice;
    const events = few.tables.find(({ name }) => name === 'events');
    expect(events?.decision).not.toBe('distribute');
    expect(events?.reasons.join('; ')).toMatch(/100 distinct values for 128 shards/);
    const usual = JSON.parse((await advise(target, '--json')).stdout) as Advice;
    expect(usual.shardCount).toBe(32);
    expect(usual.tables.find(({ name }) => name === 'events')?.decision).toBe('distribute');
  });

  it('--out never takes the place of a file, and leaves none behind that is not whole', async () => {
    const directory = path.join(scratch, 'out');
    mkdirSync(directory, { recursive: true });
    const out = path.join(directory, 'edited.yaml');
    writeFileSync(out, 'mine');
    expectFault(
      await advise(target, '--out', out),
      /edited\.yaml is there already, and it may have been edited: name another file with --out, or remove that one/,
    );
    expect(readFileSync(out, 'utf8')).toBe('mine');
    const nowhere = path.join(directory, 'no', 'where.yaml');
    expectFault(await advise(target, '--out', nowhere), /where\.yaml cannot be written \(ENOENT\)/);
    expect((await advise(target, '--out', path.join(directory, 'new.yaml'))).status).toBe(0);
    expect(readdirSync(directory).sort()).toEqual(['edited.yaml', 'new.yaml']);
  });

  it('says what is wrong with a file of queries: every fault, or the one that does not fit', async () => {
    const file = path.join(scratch, 'wrong.sql');
    const out = path.join(scratch, 'wrong.yaml');
    writeFileSync(file, '-- name: One\nSELECT 1;\n-- name: two\nSELECT 2\n');
    const faults = await advise(target, '--queries', file, '--out', out);
    expect(faults.status).toBe(1);
    expect(faults.stderr).toMatch(/"One" is no name of a query/);
    expect(faults.stderr).toMatch(/two.*does not end with a semicolon/s);
    writeFileSync(file, '-- name: gone\nSELECT nothing FROM events;\n');
    expectFault(
      await advise(target, '--queries', file, '--out', out),
      /a query of the file does not fit this database.*gone: .*"nothing" does not exist/,
    );
    writeFileSync(file, '-- name: elsewhere\nSELECT * FROM warehouse.events;\n');
    expectFault(
      await advise(target, '--queries', file, '--out', out),
      /elsewhere: .*relation "warehouse\.events" does not exist/,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('a role that may read nothing: who, what, and the GRANT', async () => {
    await cluster.setLogin('guest', 'a-Password-1');
    const guest = { ...target, user: 'guest', password: 'a-Password-1' };
    expectFault(await advise(guest), /role guest may not read .*events.*: GRANT SELECT ON .* TO "guest"/);
  });

  it('a database without tables, one that is not there, a password that is wrong', async () => {
    await query(target, 'CREATE SCHEMA aside; ALTER TABLE events SET SCHEMA aside');
    await query(target, 'ALTER TABLE devices SET SCHEMA aside; ALTER TABLE device_types SET SCHEMA aside');
    // Whatever schema tables are in, they are the database's.
    const aside = JSON.parse((await advise(target, '--json')).stdout) as Advice;
    expect(aside.tables.map(({ table }) => table)).toContain('aside.events');
    await query(target, 'DROP SCHEMA aside CASCADE');
    expectFault(await advise(target), /database "citus" has no tables that role citus can see/);
    expectFault(await advise({ ...target, database: 'gone' }), /there is no database "gone"/);
    const wrong = await advise({ ...target, password: 'hunter2' });
    expectFault(wrong, /the password is wrong or missing/);
    expect(wrong.stderr).not.toContain('hunter2');
  });
});
