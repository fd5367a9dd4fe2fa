import type { Distribution, ExpectedTable } from '../../config/workload/distribution-types';
import type { LiveForeignKey } from '../../scripts/database/model/live';
import { dropForeignKey } from '../../scripts/tables/plan/statements.sql';
import { tablesApply, tablesPlan } from '../../scripts/tables/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { named } from './support/catalog';
import { query, testContext } from './support/sensors';
import { databaseState } from './support/state';

jest.setTimeout(60_000);

const SCHEMA = `
CREATE TABLE kinds (kind_id int PRIMARY KEY);
CREATE TABLE devices (device_id int PRIMARY KEY, kind_id int REFERENCES kinds, serial_number text UNIQUE);
CREATE TABLE events (event_id bigint PRIMARY KEY, device_id int REFERENCES devices, big_id bigint NOT NULL DEFAULT 1);
CREATE TABLE holes (hole_id int, note text);
CREATE TABLE watched (watched_id int PRIMARY KEY);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watcher BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TABLE placed (placed_id int PRIMARY KEY);
CREATE TABLE shared (shared_id int PRIMARY KEY);
CREATE TABLE whole (id int NOT NULL, tenant int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE elders (id int PRIMARY KEY);
CREATE TABLE heirs (more int, PRIMARY KEY (id)) INHERITS (elders);
CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);
CREATE TABLE loose (name text COLLATE loose PRIMARY KEY);
CREATE TABLE scaled (amount numeric(3,-2) PRIMARY KEY, tenant int);
CREATE SEQUENCE numbers;
CREATE TABLE narrow (id int DEFAULT nextval('numbers') PRIMARY KEY);
CREATE TABLE wide (id bigint DEFAULT nextval('numbers') PRIMARY KEY);
CREATE TABLE grouped (id int PRIMARY KEY, tenant int NOT NULL, name text);
CREATE TABLE put_off (id int, tenant int NOT NULL, PRIMARY KEY (id) DEFERRABLE);
CREATE VIEW totals AS SELECT id, name, count(*) FROM grouped GROUP BY id;
CREATE VIEW seen AS SELECT * FROM events;
INSERT INTO kinds VALUES (1);
INSERT INTO devices VALUES (1, 1, 'a');
INSERT INTO events VALUES (1, 1), (2, NULL);
INSERT INTO holes VALUES (1, 'x'), (NULL, 'y');
SELECT create_distributed_table('placed', 'placed_id', shard_count => 4, colocate_with => 'none');
SELECT create_reference_table('shared');
`;

let database: TestDatabase;
const state = (): Promise<unknown> => databaseState(database.platform);
const by = (name: string, distributeBy: string, more: object = {}): ExpectedTable => ({
  kind: 'distributed',
  table: named(name),
  distributeBy,
  ...more,
});
const whole = (name: string): ExpectedTable => ({ kind: 'reference', table: named(name) });
const spec = (...tables: ExpectedTable[]): Distribution => ({ shardCount: 4, online: true, tables });

platformSuite('a specification that does not fit', () => {
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await query(database.target, SCHEMA);
    await query(database.platform, 'CREATE TABLE foreigners (id int PRIMARY KEY)');
  });
  afterAll(async () => {
    await database.drop();
  });

  test.each<[string, Distribution, RegExp]>([
    ['a table that does not exist', spec(whole('kind')), /there is no table kind \(did you mean "kinds"\?\)/],
    [
      'a missing column',
      spec(by('placed', 'place_id')),
      /distribution column place_id does not exist in table placed \(did you mean "placed_id"\?\)/,
    ],
    [
      'a column that does not exist',
      spec(by('holes', 'holeid')),
      /distribution column holeid does not exist in table holes \(did you mean "hole_id"\?\)/,
    ],
    [
      'NULLs in the distribution column',
      spec(by('holes', 'hole_id')),
      /distribution column hole_id of table holes holds NULLs/,
    ],
    [
      'NULLs in a column of the new key',
      spec(
        whole('kinds'),
        by('devices', 'device_id'),
        by('events', 'event_id', { primaryKey: ['event_id', 'device_id'] }),
      ),
      /primary key column device_id of table events holds NULLs/,
    ],
    [
      'a primary key without the column',
      spec(by('events', 'big_id')),
      /say primaryKey: \[big_id, event_id\]/,
    ],
    [
      'a unique key without the column',
      spec(whole('kinds'), by('devices', 'device_id')),
      /unique constraint devices_serial_number_key/,
    ],
    [
      'columns of two types',
      spec(by('events', 'event_id'), by('holes', 'hole_id', { colocateWith: named('events') })),
      /holes\.hole_id is integer and events\.event_id is bigint/,
    ],
    ['triggers', spec(whole('watched')), /trigger watcher/],
    [
      'other colocation',
      spec(by('placed', 'placed_id', { colocateWith: named('events') }), by('events', 'event_id')),
      /tables placed and events cannot be colocated: placed\.placed_id is integer and events\.event_id is bigint/,
    ],
    [
      'a deferrable primary key',
      spec(by('put_off', 'tenant', { primaryKey: ['tenant', 'id'] })),
      /put_off_pkey of table put_off is DEFERRABLE/,
    ],
    ['a parent by INHERITS', spec(by('elders', 'id')), /elders is parent or child/],
    ['a child by INHERITS', spec(whole('heirs')), /heirs is parent or child/],
    ['a loose collation', spec(by('loose', 'name')), /has a non-deterministic collation/],
    ['a numeric of negative scale', spec(by('scaled', 'amount')), /numeric of negative scale/],
    [
      'a sequence of two types',
      spec(by('narrow', 'id'), by('wide', 'id')),
      /sequence numbers gives narrow\.id \(integer\) and wide\.id \(bigint\)/,
    ],
    [
      'a view that rests on the primary key',
      spec(by('grouped', 'tenant', { primaryKey: ['tenant', 'id'] })),
      /view public\.totals rests on it/,
    ],
    ['a view', spec(whole('seen')), /is a view/],
    ['a partitioned table to be copied', spec(whole('whole')), /is partitioned, and Citus copies no/],
    [
      'a key without the partition column',
      spec(by('whole', 'tenant', { primaryKey: ['tenant'] })),
      /primaryKey of table whole is without id, by which the table is partitioned/,
    ],
    [
      'a foreign key to a table that stays',
      spec(by('events', 'event_id')),
      /events_device_id_fkey of events references devices, which stays on the coordinator/,
    ],
    [
      'a foreign key from a table that stays',
      spec(by('kinds', 'kind_id')),
      /devices_kind_id_fkey .* stays on the coordinator cannot reference/,
    ],
  ])('%s', async (_what, expected, words) => {
    const before = await state();
    const input = { target: database.target, expected };
    await expect(tablesPlan(testContext(), input)).rejects.toThrow(words);
    await expect(tablesApply(testContext(), input)).rejects.toThrow(words);
    await expect(tablesApply(testContext(), input)).rejects.toThrow(/othing was changed/);
    expect(await state()).toEqual(before);
  });

  test('a table of another role, of which only its owner can make what is planned', async () => {
    const before = await state();
    const input = { target: database.target, expected: spec(whole('foreigners')) };
    const { document } = await tablesPlan(testContext(), input);
    expect(document.findings).toMatchObject([{ id: 'planned-for:postgres' }]);
    await expect(tablesApply(testContext(), input)).rejects.toThrow(
      /belongs to role postgres and this session is citus.*othing was changed/s,
    );
    expect(await state()).toEqual(before);
  });

  test('a node that may hold no shards', async () => {
    const set = (value: boolean): Promise<unknown> =>
      query(
        database.platform,
        `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', ${String(value)}) FROM pg_dist_node`,
      );
    await set(false);
    const input = { target: database.target, expected: spec(whole('kinds')) };
    await expect(tablesApply(testContext(), input)).rejects.toThrow(/no node may hold shards/);
    await set(true);
  });

  test('a foreign key that another run left away stops only a specification of its tables', async () => {
    const key: LiveForeignKey = {
      name: 'events_device_id_fkey',
      table: named('events'),
      columns: ['device_id'],
      references: named('devices'),
      referencedColumns: ['device_id'],
      usesKey: 'devices_pkey',
      onDelete: 'a',
      onUpdate: 'a',
      validated: true,
      definition: 'FOREIGN KEY (device_id) REFERENCES public.devices(device_id)',
    };
    const options = { createRecord: true, pin: undefined };
    await query(database.target, dropForeignKey(key, options).join(';'));
    const { target } = database;
    const own = spec({ kind: 'local', table: named('devices') }, by('events', 'event_id'));
    await expect(tablesApply(testContext(), { target, expected: own })).rejects.toThrow(
      /stays on the coordinator.* already away: delete its row/,
    );
    const { document } = await tablesApply(testContext(), {
      target,
      expected: { ...spec(by('events', 'event_id')), online: false },
    });
    expect(document.applied.map((step) => step.id)).toEqual([
      'distribute:events',
      'truncate-local-copy:events',
    ]);
    const recorded = await query(target, 'SELECT constraint_name FROM scaleout.dropped_foreign_key');
    expect(recorded).toEqual([{ constraint_name: key.name }]);
  });

  test('a database without Citus', async () => {
    const input = { target: { ...database.platform, database: 'postgres' }, expected: spec(whole('kinds')) };
    await expect(tablesPlan(testContext(), input)).rejects.toThrow(/is PostgreSQL without Citus/);
  });
});
