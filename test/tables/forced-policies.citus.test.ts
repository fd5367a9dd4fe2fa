import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import type { Answer } from '../support/command-line';
import { scaleout } from '../support/command-line';
import { scratchDirectory } from '../support/scratch';
import { query } from './support/sensors';

jest.setTimeout(120_000);

const scratch = scratchDirectory();

const SCHEMA = `
CREATE TABLE ledger (org_id int NOT NULL, line_id int NOT NULL, amount numeric, PRIMARY KEY (org_id, line_id));
INSERT INTO ledger SELECT i % 50, i, i FROM generate_series(1, 500) i;
CREATE POLICY own_org ON ledger USING (org_id = coalesce(nullif(current_setting('app.org', true), '')::int, -1));
ANALYZE ledger;
ALTER TABLE ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger FORCE ROW LEVEL SECURITY`;

/** Of two kinds: by a column, and as part of a schema, of which shards are counted one by one. */
const DISTRIBUTED = `
CREATE TABLE vault (org_id int PRIMARY KEY);
INSERT INTO vault SELECT generate_series(1, 100);
SELECT create_distributed_table('vault', 'org_id', shard_count => 4);
CREATE TABLE safe (org_id int PRIMARY KEY);
INSERT INTO safe SELECT generate_series(1, 100);
SELECT create_distributed_table('safe', NULL);
CREATE POLICY own_org ON vault USING (false);
CREATE POLICY own_org ON safe USING (false);
ALTER TABLE safe ENABLE ROW LEVEL SECURITY;
ALTER TABLE safe FORCE ROW LEVEL SECURITY;
ALTER TABLE vault ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault FORCE ROW LEVEL SECURITY`;

platformSuite('tables whose policies are forced', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    for (const statement of SCHEMA.split(';\n')) await query(database.target, statement);
  });
  afterAll(async () => {
    await database.drop();
  });
  const ask = async (...argv: string[]): Promise<Answer> => {
    const { host, port, database: name, password } = database.target;
    return scaleout([...argv, '--url', `postgresql://citus@${host}:${String(port)}/${name}`], {
      PGPASSWORD: password,
    });
  };
  const written = (file: string, content: string): string => {
    const to = path.join(scratch, file);
    writeFileSync(to, content);
    return to;
  };
  test('simulate says so instead of counting what the policies show', async () => {
    const { status, stdout, stderr } = await ask('simulate', '--table', 'ledger', '--column', 'org_id');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error: .*table "ledger" is not countable while forced.*NO FORCE/s);
  });

  test('advise says so of their statistics, and goes on where it knows of others', async () => {
    const file = written('queries.sql', '-- name: lines\nSELECT * FROM ledger WHERE org_id = 7;\n');
    const alone = await ask('advise', '--queries', file);
    expect(alone.status).toBe(1);
    expect(alone.stderr).toMatch(/^error: .*hides the statistics of ledger.*not countable while forced/s);
    await query(database.target, 'CREATE TABLE orgs AS SELECT generate_series(1, 50) AS org_id');
    await query(database.target, 'ANALYZE orgs');
    const { status, stdout, stderr } = await ask('advise', '--queries', file);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/hides the statistics of ledger.*not countable while forced/);
  });

  test('nor is what they show taken for a table that is distributed, which its shards would answer', async () => {
    for (const statement of DISTRIBUTED.split(';\n')) await query(database.target, statement);
    const simulated = async (): Promise<string> => (await ask('simulate', '--workers', '3')).stderr;
    expect(await simulated()).toMatch(/^error: .*"vault" is not countable while forced.*NO FORCE/s);
    await query(database.target, 'ALTER TABLE vault NO FORCE ROW LEVEL SECURITY');
    expect(await simulated()).toMatch(/^error: .*"safe" is not countable while forced.*NO FORCE/s);
    await query(database.target, 'ALTER TABLE safe NO FORCE ROW LEVEL SECURITY');
    expect(await simulated()).not.toMatch(/error/);
    await query(database.target, 'ALTER TABLE vault FORCE ROW LEVEL SECURITY');

    const spec = written('spec.yaml', 'shardCount: 4\ntables:\n  vault: { distributeBy: org_id }\n');
    const queries = written('vault.sql', '-- name: all\nSELECT count(*) FROM vault;\n');
    const { stdout } = await ask('tables', 'verify', '--spec', spec, '--queries', queries);
    expect(stdout).toMatch(/query:all.*table "vault" is not countable while forced/);
  });
});
