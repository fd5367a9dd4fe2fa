import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDistribution } from '../../config/workload/distribution';
import type { Distribution } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { SealedPlan } from '../../scripts/tables/review/plan-file';
import { readPlan } from '../../scripts/tables/review/plan-file';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { query, testContext } from './support/sensors';

jest.setTimeout(120_000);

const spec = (text: string): Distribution => parseDistribution(text, 'distribution.yaml');
const ALLOW = [{ id: 'forced-policy-window:owners' }, { id: 'stale-contents:counted' }];

const SPEC = `
shardCount: 4
tables:
  kinds: { reference: true }
  owners: { distributeBy: owner_id }
  readings: { distributeBy: owner_id, colocateWith: owners, primaryKey: [owner_id, reading_id] }
`;

platformSuite('a plan made by a role that owns nothing', () => {
  let database: TestDatabase;
  const roles: string[] = [];
  const platform = (sql: string) => query(database.platform, sql);

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    await withClient(database.target, (client) =>
      client.query(`
        CREATE TABLE kinds (kind int PRIMARY KEY, words text);
        CREATE TABLE owners (owner_id bigint PRIMARY KEY, kind int REFERENCES kinds);
        CREATE TABLE readings (reading_id bigserial PRIMARY KEY, owner_id bigint, body text);
        COMMENT ON TABLE readings IS 'all of them';
        CREATE VIEW lately AS SELECT * FROM readings WHERE reading_id > 10;
        CREATE MATERIALIZED VIEW counted AS SELECT owner_id, count(*) FROM readings GROUP BY 1;
        INSERT INTO kinds VALUES (1);
        INSERT INTO owners SELECT g, 1 FROM generate_series(1, 20) g;
        INSERT INTO readings (owner_id) SELECT 1 + g % 20 FROM generate_series(1, 2000) g;
        CREATE POLICY own ON owners USING (kind > 0);
        ALTER TABLE owners ENABLE ROW LEVEL SECURITY;
        ALTER TABLE owners FORCE ROW LEVEL SECURITY;`),
    );
  });
  afterAll(async () => {
    await database.drop();
    for (const role of roles)
      await query({ ...database.platform, database: 'postgres' }, `DROP ROLE "${role}"`);
  });

  const make = async (...grants: string[]): Promise<string> => {
    const role = `reader_${randomUUID().slice(0, 8)}`;
    roles.push(role);
    await platform(`CREATE ROLE "${role}" LOGIN PASSWORD 'reader'`);
    for (const grant of grants) await platform(grant.replaceAll('ROLE', `"${role}"`));
    return role;
  };
  const as = (user: string) => ({ ...database.target, user, password: 'reader' });
  const plan = async (target = database.target, text = SPEC, more: { out?: string } = {}) =>
    (await tablesPlan(testContext(), { target, expected: spec(text), allow: ALLOW, ...more })).document;
  const ids = (found: SealedPlan, of: RegExp): string[] =>
    found.findings.map(({ id }) => id).filter((id) => of.test(id));
  const BY_READER = /^(planned-for|nulls-unknown|nodes-unknown):/;

  test.each([
    ['no rights', [], ['nulls-unknown:readings'], null],
    ['pg_read_all_data', ['GRANT pg_read_all_data TO ROLE'], [], 2000],
    ['pg_monitor', ['GRANT pg_monitor TO ROLE'], ['nulls-unknown:readings'], null],
    ['SELECT', ['GRANT SELECT ON kinds, readings, counted TO ROLE'], [], 2000],
  ])(
    'has every step of the owner, and names what it could not look at: %s',
    async (_, grants, unknown, rows) => {
      const user = await make(...grants);
      const owned = await plan();
      const read = await plan(as(user));
      const { steps, observed, disk } = owned;
      expect(steps.length).toBeGreaterThan(5);
      expect({ steps: read.steps, observed: read.observed, disk: read.disk }).toEqual({
        steps,
        observed,
        disk,
      });
      expect(ids(owned, BY_READER)).toEqual([]);
      expect(ids(read, BY_READER)).toEqual(['planned-for:citus', ...unknown, `nodes-unknown:${user}`]);
      // What needs an allowance of the owner needs it here, but for rows that were not read: those are told as unknown.
      const allowances = ({ findings }: SealedPlan): string[] =>
        findings.flatMap(({ id, needs }) => (needs === 'allowance' ? [id] : []));
      expect(allowances(owned)).toEqual(['forced-policy-window:owners', 'stale-contents:counted']);
      expect(allowances(read)).toEqual(
        allowances(owned).filter((id) => rows !== null || !id.startsWith('stale')),
      );
      expect(ids(read, /^stale-contents/)).toEqual(['stale-contents:counted']);
      expect([read.sizes['readings']?.rows, owned.sizes['readings']?.rows]).toEqual([rows, 2000]);
    },
  );

  test('needs one who may change all tables, and records that it may read', async () => {
    const [other, user] = [await make(), await make()];
    await platform(`ALTER TABLE kinds OWNER TO "${other}"`);
    await expect(plan(as(user))).rejects.toMatchObject({
      code: 'tables.preconditions',
      message: expect.stringMatching(
        `table kinds belongs to role ${other} and this session is ${user}`,
      ) as string,
    });
    // Who owns some of the tables means to change them.
    await expect(plan()).rejects.toMatchObject({
      message: expect.stringMatching(
        `table kinds belongs to role ${other} and this session is citus`,
      ) as string,
    });
    await platform('ALTER TABLE kinds OWNER TO citus');
    await query(database.target, 'CREATE SCHEMA scaleout; CREATE TABLE scaleout.recorded_comment (n int)');
    await expect(plan(as(user))).rejects.toMatchObject({
      code: 'tables.session-unable',
      message: expect.stringMatching(
        `plan as citus, or let it read them.*GRANT USAGE ON SCHEMA scaleout TO ${user}; GRANT SELECT ON scaleout.recorded_comment TO ${user};`,
      ) as string,
    });
    await query(database.target, 'DROP SCHEMA scaleout CASCADE');
  });

  test('is what the owner applies, and the reader plans the next change', async () => {
    const user = await make('GRANT pg_read_all_data TO ROLE');
    const out = path.join(tmpdir(), `${randomUUID()}.json`);
    try {
      await plan(as(user), SPEC, { out });
      const reviewed = readPlan(out);
      const run = { expected: reviewed.expected, reviewed };
      await expect(tablesApply(testContext(), { target: as(user), ...run })).rejects.toMatchObject({
        code: 'tables.preconditions',
      });
      const { document } = await tablesApply(testContext(), { target: database.target, ...run });
      expect(document.applied.map(({ id }) => id)).toEqual(reviewed.steps.map(({ id }) => id));
    } finally {
      rmSync(out, { force: true });
    }
    const next = SPEC.replace('shardCount: 4', 'shardCount: 6');
    const [owned, read] = [await plan(database.target, next), await plan(as(user), next)];
    expect(read.steps).toEqual(owned.steps);
    // Nobody asked the nodes for sizes in its name: none is better than a wrong one.
    expect([owned.disk === undefined, read.sizes['readings']]).toEqual([false, undefined]);
  });
});
