import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CompareDocument } from '../../scripts/compare/decide';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { findNative } from '../../scripts/local/engines/native';
import { testEnvironment } from '../support/environment';
import { scratchDirectory } from '../support/scratch';
import { testRun } from '../support/test-run';

jest.setTimeout(300_000);

const ROOT = path.resolve(__dirname, '../..');
const PROGRAMS = ['bash', 'psql', 'pg_dump', 'pg_dumpall', 'pg_restore'];
const missing = PROGRAMS.find((program) => spawnSync(program, ['--version']).status !== 0);
const withPrograms = missing === undefined ? test : test.skip;

/** The commands of the page that a person types, in their order; the addresses are those of the test. */
function commandsOf(page: string): string {
  const [, section = ''] = /^## By hand\n(.*?)^## /ms.exec(page) ?? [];
  const commands = section
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.slice(4))
    .filter((line) => !/^export (?:OLD|NEW)=/.test(line))
    .join('\n');
  const scaleout = `${process.execPath} ${path.join(ROOT, 'scripts', 'scaleout.js')}`;
  return commands.replace('npx scaleout', scaleout).replace('config/workloads', `${ROOT}/config/workloads`);
}

const SCHEMA = `
CREATE TABLE device_types (device_type_id serial PRIMARY KEY, device_type text NOT NULL UNIQUE);
CREATE TABLE devices (device_id serial PRIMARY KEY, device_type_id int NOT NULL REFERENCES device_types, name text NOT NULL);
CREATE TABLE events (event_id bigserial, device_id int NOT NULL, payload jsonb NOT NULL,
  created_at timestamp NOT NULL DEFAULT now(), PRIMARY KEY (device_id, event_id));
CREATE INDEX events_payload ON events USING gin (payload);
CREATE TABLE days ("Tenant Id" bigint NOT NULL, day date NOT NULL, value int) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE plain (key text PRIMARY KEY, value numeric);
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
SELECT create_reference_table('device_types');
SELECT create_distributed_table('devices', 'device_id', shard_count := 8);
SELECT create_distributed_table('events', 'device_id', colocate_with := 'devices');
SELECT create_distributed_table('days', 'Tenant Id', shard_count := 4, colocate_with := 'none');
ALTER TABLE events ADD FOREIGN KEY (device_id) REFERENCES devices;
CREATE VIEW busy AS SELECT device_id, count(*) FROM events GROUP BY 1;
CREATE MATERIALIZED VIEW daily AS SELECT day, sum(value) FROM days GROUP BY 1;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON events USING (device_id > 0);
COMMENT ON TABLE devices IS 'things that send';
GRANT SELECT ON devices TO PUBLIC;
INSERT INTO device_types (device_type) SELECT 'type ' || i FROM generate_series(1, 5) i;
INSERT INTO devices (device_type_id, name) SELECT 1 + i % 5, 'device ' || i FROM generate_series(1, 40) i;
INSERT INTO events (device_id, payload) SELECT 1 + i % 40, jsonb_build_object('n', i) FROM generate_series(1, 2000) i;
INSERT INTO days SELECT i % 7, '2026-01-01'::date + i % 50, i FROM generate_series(1, 300) i;
INSERT INTO plain SELECT 'key ' || i, i / 3.0 FROM generate_series(1, 10) i;
REFRESH MATERIALIZED VIEW daily;
`;

platformSuite('leaving by hand, as docs/leaving.md says it', () => {
  const scratch = scratchDirectory();
  let old: TestDatabase;
  let fresh: TestDatabase;

  beforeAll(async () => {
    [old, fresh] = [await freshCitusDatabase({ workers: 2 }), await freshCitusDatabase({ workers: 2 })];
    await withClient(old.target, async (client) => {
      for (const statement of SCHEMA.split(/;\n/)) await client.query(statement);
    });
  });
  afterAll(() => Promise.all([old.drop(), fresh.drop()]));

  /** With the programs of the servers' own version before others: `pg_dump` refuses a newer server. */
  const variables = async (): Promise<NodeJS.ProcessEnv> => {
    const environment = testEnvironment({
      OLD: urlOf(old.target),
      NEW: urlOf(fresh.target),
      PGPASSWORD: old.target.password,
    });
    if (testRun().citus !== 'native') return environment;
    const { binDirectory } = (await findNative()).installation.binaries;
    return { ...environment, PATH: `${binDirectory}${path.delimiter}${environment['PATH'] ?? ''}` };
  };

  withPrograms(
    `its commands bring everything along (${missing === undefined ? 'needs no more' : `needs ${missing} on the PATH`})`,
    async () => {
      const page = readFileSync(path.join(ROOT, 'docs', 'leaving.md'), 'utf8');
      const script = commandsOf(page);
      expect(script).toContain('distribute.sql');
      const printed = execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: scratch,
        env: await variables(),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      // Nothing waits to be dropped.
      expect(printed.split('\n')[0]).toBe('0');
      expect(printed).toContain('Equal: both databases hold the same rows and objects.');
      expect(readFileSync(path.join(scratch, 'distribute.sql'), 'utf8').trim().split('\n')).toEqual([
        "SELECT create_reference_table('device_types');",
        "SELECT create_distributed_table('devices', 'device_id', shard_count := 8, colocate_with := 'none');",
        "SELECT create_distributed_table('events', 'device_id', colocate_with := 'devices');",
        "SELECT create_distributed_table('days', 'Tenant Id', shard_count := 4, colocate_with := 'none');",
      ]);
    },
  );

  withPrograms('and what was lost on the way is found', async () => {
    await withClient(fresh.target, (client) => client.query('DELETE FROM events WHERE event_id = 77'));
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        path.join(ROOT, 'scripts', 'scaleout.js'),
        'compare',
        '--from',
        urlOf(old.target),
        '--to',
        urlOf(fresh.target),
        '--json',
      ],
      { env: await variables(), encoding: 'utf8' },
    );
    expect(status).toBe(1);
    const { differences } = JSON.parse(stdout) as CompareDocument;
    expect(differences.map(({ kind, object }) => `${kind} ${object}`)).toEqual(['rows table events']);
    // The shards have the same ranges on both sides, so the row is told to the shard.
    expect(differences[0]?.shards).toHaveLength(1);
  });
});

function urlOf({ host, port, user, database }: ConnectionTarget): string {
  return `postgresql://${user}@${host}:${String(port)}/${database}?sslmode=disable`;
}
