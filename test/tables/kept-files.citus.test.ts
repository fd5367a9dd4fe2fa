import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseIdentity } from '../../scripts/database/observe/identity';
import { withClient } from '../../scripts/lib/connection';
import { readPlan, writePlan } from '../../scripts/tables/review/plan-file';
import type { SealedPlan } from '../../scripts/tables/review/plan-file';
import { readReceipt } from '../../scripts/tables/verify/receipt';
import type { Receipt } from '../../scripts/tables/verify/receipt';
import { contentDigest } from '../../scripts/lib/digest';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import type { Answer } from '../support/command-line';
import { scaleout } from '../support/command-line';
import { createSensors, query } from './support/sensors';
import { databaseState } from './support/state';

jest.setTimeout(120_000);

const SPECIFICATION = `shardCount: 4
online: false
tables:
  device_types: { reference: true }
  devices: { distributeBy: device_id }
  events: { distributeBy: device_id, colocateWith: devices, primaryKey: [device_id, event_id] }
`;

const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-kept-'));
const at = (name: string): string => path.join(directory, name);
const spec = at('spec.yaml');
afterAll(() => rmSync(directory, { recursive: true }));
beforeAll(() => writeFileSync(spec, SPECIFICATION));

const tables = (database: TestDatabase, ...words: string[]): Promise<Answer> => {
  const { host, port, database: name, password } = database.target;
  const [verb = '', ...more] = words;
  return scaleout(['tables', verb, '--url', `postgresql://citus@${host}:${String(port)}/${name}`, ...more], {
    PGPASSWORD: password,
  });
};
const refusal = (words: RegExp): object => ({
  status: 3,
  stdout: '',
  stderr: expect.stringMatching(words) as string,
});

platformSuite('a plan in a file', () => {
  const file = at('plan.json');
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 2_000);
  });
  afterEach(() => database.drop());
  const reseal = (edit: (plan: SealedPlan) => Partial<SealedPlan>): void => {
    const plan = readPlan(file);
    const rest = { ...plan, ...edit(plan), digest: undefined };
    writePlan(file, { ...rest, digest: contentDigest(rest) });
  };

  test('names its cluster, whose login may read all of it, and is refused on another', async () => {
    const other = await freshCitusDatabase({ workers: 0 });
    try {
      await createSensors(other.target, 2_000);
      expect(await tables(database, 'plan', '--spec', spec, '--out', file)).toMatchObject({ status: 0 });
      const identity = await withClient(database.target, databaseIdentity);
      expect(readPlan(file).database).toEqual(identity);
      expect(identity.systemIdentifier).toMatch(/^\d{15,}$/);
      expect(identity.nodes).toHaveLength(1);
      const before = await databaseState(other.platform);
      expect(await tables(other, 'apply', '--plan', file)).toEqual(
        refusal(/was made for another cluster: for "test_.*, and this is "test_.*nothing was changed/),
      );
      expect(await databaseState(other.platform)).toEqual(before);
      // The same name and server_id, as where both came of one template, on other servers.
      reseal((plan) => ({ database: { ...plan.database, systemIdentifier: '7' } }));
      expect(await tables(database, 'apply', '--plan', file)).toEqual(
        refusal(/for another cluster: .*system identifier 7,/),
      );
      // A backup of it that was restored beside it.
      reseal(() => ({
        database: { ...identity, nodes: [{ groupId: 0, name: 'restored.example.com', port: 5432 }] },
      }));
      expect(await tables(database, 'apply', '--plan', file)).toEqual(
        refusal(/for another cluster: .*nodes restored\.example\.com:5432/),
      );
    } finally {
      await other.drop();
    }
  });

  test('holds for the cluster when it was scaled out since', async () => {
    await tables(database, 'plan', '--spec', spec, '--out', file);
    await database.addWorkers();
    expect(await tables(database, 'apply', '--plan', file)).toMatchObject({ status: 0 });
    expect((await withClient(database.target, databaseIdentity)).nodes).toHaveLength(3);
  });

  test('is void once a table has more than twice the rows, counted or not, unless --growth says otherwise', async () => {
    await query(database.target, 'ANALYZE');
    await tables(database, 'plan', '--spec', spec, '--out', file);
    expect(readPlan(file).sizes).toMatchObject({
      events: { rows: 2_000, on: 'coordinator' },
      devices: { rows: 100 },
    });
    const more = (rows: number): Promise<unknown> =>
      query(
        database.target,
        `INSERT INTO events (device_id, payload) SELECT 1, jsonb_build_object('temperature', i % 70, 'humidity', i % 90) FROM generate_series(1, ${String(rows)}) i`,
      );
    await more(1_900);
    await query(
      database.target,
      'INSERT INTO devices (device_type_id, name) SELECT 1, i FROM generate_series(1, 800) i',
    );
    const planned = await tables(database, 'plan', '--spec', spec, '--json');
    expect(planned.status).toBe(0);
    const before = await databaseState(database.platform);
    await more(2_500);
    // Nobody counted since: the planner would see more pages.
    const words =
      /reviewed for less: events had about 2,000 rows \(.*\) then and has about 6,\d\d\d rows \(.*\) now, more than 2 times/;
    expect(await tables(database, 'apply', '--plan', file)).toEqual(refusal(words));
    await query(database.target, 'ANALYZE events');
    expect(await tables(database, 'apply', '--plan', file)).toEqual(refusal(/has about 6,400 rows/));
    expect(await databaseState(database.platform)).toEqual(before);
    expect(await tables(database, 'apply', '--plan', file, '--growth', '3.5')).toMatchObject({ status: 0 });
    // With nothing left to do nothing is too large.
    await more(9_000);
    expect(await tables(database, 'apply', '--plan', file)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/Nothing to do/) as string,
    });
  });

  test('of tables that are distributed is void once their shards have grown', async () => {
    await tables(database, 'apply', '--spec', spec, '--yes');
    const wider = at('wider.yaml');
    writeFileSync(wider, SPECIFICATION.replace('shardCount: 4', 'shardCount: 8'));
    await tables(database, 'plan', '--spec', wider, '--out', file);
    expect(readPlan(file).sizes['events']).toMatchObject({ rows: null, on: 'shards' });
    await query(
      database.target,
      "INSERT INTO events (device_id, payload) SELECT 1 + i % 100, '{}' FROM generate_series(1, 30000) i",
    );
    expect(await tables(database, 'apply', '--plan', file)).toEqual(
      refusal(/for less: events had [\d.]+ [KM]iB then and has [\d.]+ MiB now/),
    );
    expect(await tables(database, 'apply', '--plan', file, '--growth', '1000')).toMatchObject({ status: 0 });
  });

  test('--growth needs a plan, and is a number', async () => {
    expect(await tables(database, 'apply', '--spec', spec, '--growth', '3')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: --growth needs --plan: .*; nothing was changed/) as string,
    });
    for (const wrong of ['0.5', '-3', 'x', '', '1e3', 'Infinity']) {
      expect(await tables(database, 'apply', '--plan', file, `--growth=${wrong}`)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/It must be a number, 1 or more/) as string,
      });
    }
  });
});

platformSuite('a receipt in a file', () => {
  const file = at('receipt.json');
  const apply = (...more: string[]): Promise<Answer> =>
    tables(database, 'apply', '--spec', spec, '--yes', '--receipt', file, ...more);
  let database: TestDatabase;
  let first: Receipt;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await createSensors(database.target, 500);
    rmSync(file, { force: true });
    expect(await apply()).toMatchObject({ status: 0 });
    first = readReceipt(file);
  });
  afterEach(() => database.drop());

  test('names the cluster, the tool and the time, and no path', async () => {
    expect(first.database).toEqual(await withClient(database.target, databaseIdentity));
    expect(first.tool).toMatchObject({
      name: 'scaleout',
      version: expect.stringMatching(/^\d+\./) as string,
    });
    expect(Math.abs(Date.now() - Date.parse(first.writtenAt))).toBeLessThan(60_000);
    expect(first.specified).toEqual(['device_types', 'devices', 'events']);
    expect(readFileSync(file, 'utf8')).not.toContain(path.resolve(__dirname, '../..'));
  });

  test('keeps its before when rows were deleted since, and the run says so', async () => {
    await query(database.target, 'DELETE FROM events WHERE event_id % 10 = 0');
    const again = await apply();
    expect(again.status).toBe(0);
    expect(again.stderr).toMatch(
      new RegExp(
        `warning: the receipt ${file} says that events held 500 rows at ${first.before!.at}, and it holds 450 now: 50 are gone since\\.`,
      ),
    );
    expect(again.stderr).not.toMatch(/as it was found/);
    const { before, after, applied, compared } = readReceipt(file);
    expect(before).toEqual(first.before);
    expect(applied).toEqual(first.applied);
    // No run left it so: verify goes on to miss them.
    expect(after.rows.find(({ table }) => table.name === 'events')?.rows).toBe(500);
    expect(compared?.rows.find(({ table }) => table === 'events')?.same).toBe(false);
    // However often.
    expect((await apply()).stderr).toMatch(/50 are gone since/);
    expect(readReceipt(file).before).toEqual(first.before);
  });

  test('of a database as it was found is the before of the next run', async () => {
    rmSync(file);
    expect((await apply()).stderr).toMatch(/the database as it was found/);
    const found = readReceipt(file);
    expect(found.before).toBeNull();
    await query(database.target, 'DELETE FROM devices WHERE device_id NOT IN (SELECT device_id FROM events)');
    await query(database.target, 'DELETE FROM events');
    expect((await apply()).stderr).toMatch(
      /events held 500 rows at .*, and it holds 0 now: 500 are gone since/,
    );
    expect(readReceipt(file).before).toEqual(found.after);
  });

  test('says nothing where nothing differs', async () => {
    const { status, stderr } = await apply();
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/warning/);
    expect(stderr).toMatch(/keeps what there was at/);
    expect(readReceipt(file).before).toEqual(first.before);
  });

  test('is kept through a run that does something, and is compared with by tables verify', async () => {
    await query(database.target, 'DELETE FROM events WHERE event_id <= 100');
    writeFileSync(at('wider.yaml'), SPECIFICATION.replace('shardCount: 4', 'shardCount: 8'));
    const wider = await tables(database, 'apply', '--spec', at('wider.yaml'), '--yes', '--receipt', file);
    expect(wider).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/events held 500 rows at .*100 are gone since/) as string,
    });
    const whole = readReceipt(file);
    expect(whole.before).toEqual(first.before);
    expect(whole.applied.length).toBeGreaterThan(first.applied.length);
    expect(await tables(database, 'verify', '--spec', at('wider.yaml'), '--receipt', file)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/WRONG +rows:events +held 500 rows, holds 400 now/) as string,
    });
  });

  test('that was edited, is of another database or of other tables is refused before anything', async () => {
    const text = readFileSync(file, 'utf8');
    const less = at('less.yaml');
    writeFileSync(less, 'online: false\ntables: { device_types: { local: true } }\n');
    const before = await databaseState(database.platform);
    expect(await tables(database, 'apply', '--spec', less, '--yes', '--receipt', file)).toEqual(
      refusal(/whose specification named devices, events too, and this one does not/),
    );
    writeFileSync(file, text.replace('"rows": 500', '"rows": 450'));
    expect(await apply()).toEqual(refusal(/receipt\.json was edited since it was written/));
    writeFileSync(file, text.replace('"rows": 500', '"rows": 500, "rows": 500'));
    expect(await apply()).toEqual(refusal(/receipt\.json was edited since it was written/));
    expect(await databaseState(database.platform)).toEqual(before);
    writeFileSync(file, text);
    const other = await freshCitusDatabase({ workers: 0 });
    try {
      await createSensors(other.target, 10);
      const untouched = await databaseState(other.platform);
      expect(await tables(other, 'apply', '--spec', spec, '--yes', '--receipt', file)).toEqual(
        refusal(/receipt\.json is of another database/),
      );
      expect(await databaseState(other.platform)).toEqual(untouched);
      expect(readFileSync(file, 'utf8')).toBe(text);
    } finally {
      await other.drop();
    }
  });
});
