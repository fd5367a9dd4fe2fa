import fc from 'fast-check';
import type { Distribution, ExpectedTable } from '../../../config/workload/distribution-types';
import { loadWorkload } from '../../../config/workload/workload';
import { diffTables } from '../../../scripts/tables/plan/diff';
import { isSatisfied } from '../support/satisfied';
import { findPreconditionFailures } from '../../../scripts/database/checks/preconditions';
import type { LiveComment, LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { TargetState } from '../../../scripts/database/target/target-state';
import { planTables } from '../../../scripts/tables/plan/plan';
import type { TablesStep } from '../../../scripts/database/model/step';
import { observedHash } from '../../../scripts/database/model/snapshot';
import {
  column,
  distributed,
  distributedSensors,
  distribution,
  foreignKey,
  identityOf,
  materializedView,
  inSchema,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  reference,
  sensors,
  sensorsTables,
} from '../support/catalog';
import { perform } from '../support/model';
import { cases } from '../../support/properties';

const ids = (expected: Distribution, live: LiveDatabase): string[] =>
  planTables(expected, live).steps.map((step) => step.id);

describe('the plan for the sensors', () => {
  test('online: the key beside running writes, one foreign key away for a while, parents first', () => {
    expect(ids(distribution(), liveDatabase(sensors()))).toEqual([
      'build-key-index:events',
      'drop-foreign-key:events:events_device_id_fkey',
      'replace-primary-key:events',
      'create-reference-table:device_types',
      'distribute:devices',
      'distribute:events',
      'restore-foreign-key:events:events_device_id_fkey',
      'validate-foreign-key:events:events_device_id_fkey',
      'remove-record:scaleout.dropped_foreign_key',
      'truncate-local-copy:device_types',
    ]);
  });

  test('with writes waiting: no table becomes a table of Citus before its copy, local copies go children first', () => {
    const plan = planTables(distribution({ online: false }), liveDatabase(sensors()));
    expect(plan.steps.map((step) => step.id)).toEqual([
      'build-key-index:events',
      'drop-foreign-key:devices:devices_device_type_id_fkey',
      'drop-foreign-key:events:events_device_id_fkey',
      'replace-primary-key:events',
      'create-reference-table:device_types',
      'distribute:devices',
      'restore-foreign-key:devices:devices_device_type_id_fkey',
      'validate-foreign-key:devices:devices_device_type_id_fkey',
      'distribute:events',
      'restore-foreign-key:events:events_device_id_fkey',
      'validate-foreign-key:events:events_device_id_fkey',
      'remove-record:scaleout.dropped_foreign_key',
      'truncate-local-copy:events',
      'truncate-local-copy:devices',
      'truncate-local-copy:device_types',
    ]);
    expect(plan.steps.filter((step) => step.blocksWrites).map((step) => step.id)).toEqual([
      'create-reference-table:device_types',
      'distribute:devices',
      'distribute:events',
    ]);
  });

  test('its statements', () => {
    const { steps } = planTables(distribution(), liveDatabase(sensors()));
    const sql = (id: string): readonly string[] => steps.find((step) => step.id === id)?.sql ?? [];
    expect(sql('build-key-index:events')).toEqual([
      'CREATE UNIQUE INDEX CONCURRENTLY "scaleout_key_events" ON "public"."events" USING btree ("device_id", "event_id")',
    ]);
    expect(sql('replace-primary-key:events')).toEqual([
      'ALTER TABLE "public"."events" DROP CONSTRAINT "events_pkey"',
      'ALTER TABLE "public"."events" ADD CONSTRAINT "events_pkey" PRIMARY KEY USING INDEX "scaleout_key_events"',
    ]);
    expect(sql('distribute:devices')).toEqual([
      `SELECT create_distributed_table_concurrently('"public"."devices"', 'device_id', colocate_with => 'none', shard_count => 32)`,
    ]);
    expect(sql('distribute:events')).toEqual([
      `SELECT create_distributed_table_concurrently('"public"."events"', 'device_id', colocate_with => '"public"."devices"')`,
    ]);
    expect(sql('restore-foreign-key:events:events_device_id_fkey')).toEqual([
      'ALTER TABLE "public"."events" ADD CONSTRAINT "events_device_id_fkey" FOREIGN KEY (device_id) REFERENCES public.devices(device_id) NOT VALID',
    ]);
  });

  test('an online copy says that writers wait for moments all the same', () => {
    const { steps } = planTables(distribution(), liveDatabase(sensors()));
    expect(steps.find((step) => step.id === 'distribute:devices')).toMatchObject({
      blocksWrites: false,
      comment:
        'by device_id, into 32 shards, beside running writes, which wait for moments and once more at its end, however many rows there are; an UPDATE or DELETE that waits at the end may answer 0 rows and leave its row as it is',
    });
  });

  test('which steps a statement of the same cost undoes', () => {
    const irreversible = (more: Parameters<typeof sensors>[0] = {}): string[] =>
      [true, false].flatMap((online) =>
        planTables(distribution({ online }), liveDatabase(sensors(more)))
          .steps.filter((step) => !step.reversible)
          .map((step) => step.id),
      );
    const truncated = ['device_types', 'events', 'devices', 'device_types'].map(
      (name) => `truncate-local-copy:${name}`,
    );
    const usual = ['replace-primary-key:events', ...truncated];
    expect(irreversible().sort()).toEqual([...usual, 'replace-primary-key:events'].sort());
    // What had no key is without one again in a moment.
    expect(irreversible({ events: { keys: [] } }).sort()).toEqual([...truncated].sort());
    // Citus takes these to its shards and not back.
    const identity = { identities: [identityOf('devices')] };
    expect(irreversible({ devices: identity })).toContain('distribute:devices');
    expect(irreversible({ devices: { rules: [{ table: named('devices'), rule: 'kept' }] } })).toContain(
      'distribute:devices',
    );
    const leftover = key('scaleout_key_events', 'index', ['device_id', 'event_id'], { valid: false });
    expect(irreversible({ events: { keys: [primaryKey('events', ['event_id']), leftover] } })).toContain(
      'drop-leftover-index:events',
    );
  });

  test('a replica identity that was the old primary key moves to the new one, in the same transaction', () => {
    const old = primaryKey('events', ['event_id'], { identifiesRows: true });
    const live = liveDatabase(sensors({ events: { keys: [old], replicaIdentity: 'index' } }));
    const { steps } = planTables(distribution(), live);
    const replace = steps.find((step) => step.action === 'replace-primary-key');
    expect(replace?.transaction).toBe(true);
    expect(replace?.sql.at(-1)).toBe(
      'ALTER TABLE "public"."events" REPLICA IDENTITY USING INDEX "events_pkey"',
    );
    expect(steps.find((step) => step.id === 'distribute:events')?.sql[0]).toContain('_concurrently');
    const { live: end } = runAll(distribution(), live);
    expect(end.tables.find((table) => table.table.name === 'events')?.keys[0]?.identifiesRows).toBe(true);
  });

  test('comments and INCLUDE columns of what is replaced come back with it', () => {
    const old = primaryKey('events', ['event_id'], { comment: "it's old", include: ['device_id', 'note'] });
    const away = foreignKey('events', ['device_id'], 'devices', { comment: 'whose' });
    const live = liveDatabase(sensors({ events: { keys: [old], foreignKeys: [away] } }));
    const { steps } = planTables(distribution(), live);
    const sql = (id: string): readonly string[] => steps.find((step) => step.id === id)?.sql ?? [];
    expect(sql('build-key-index:events')[0]).toMatch(/\("device_id", "event_id"\) INCLUDE \("note"\)$/);
    expect(sql('replace-primary-key:events').at(-1)).toBe(
      `COMMENT ON CONSTRAINT "events_pkey" ON "public"."events" IS 'it''s old'`,
    );
    expect(sql(`drop-foreign-key:events:${away.name}`).join()).toContain('"comment":"whose"');
    expect(sql(`restore-foreign-key:events:${away.name}`).at(-1)).toBe(
      `COMMENT ON CONSTRAINT "${away.name}" ON "public"."events" IS 'whose'`,
    );
  });

  test('comments that Citus forgets are written down first and made again after', () => {
    const comments: LiveComment[] = [
      { on: 'table', schema: 'public', name: '', text: 'all' },
      { on: 'column', schema: 'public', name: 'device_id', text: 'it' },
      { on: 'constraint', schema: 'public', name: 'events_device_id_fkey', text: 'away by then' },
      { on: 'index', schema: 'public', name: 'i', text: 'fast' },
    ];
    const live = liveDatabase(sensors({ events: { comments } }));
    const { steps } = planTables(distribution(), live);
    const at = (id: string): number => steps.findIndex((step) => step.id === id);
    expect(steps[at('record-comments:events')]?.sql.at(-1)).toMatch(/'all'\), .*'it'\), .*'fast'\)$/);
    expect(steps[at('record-comments:events')]?.sql.at(-1)).not.toContain('away by then');
    expect(at('record-comments:events')).toBeLessThan(at('create-reference-table:device_types'));
    expect(at('restore-comments:events')).toBe(at('distribute:events') + 1);
    expect(steps[at('restore-comments:events')]).toMatchObject({
      transaction: true,
      sql: [
        `COMMENT ON COLUMN "public"."events"."device_id" IS 'it'`,
        `COMMENT ON INDEX "public"."i" IS 'fast'`,
        `COMMENT ON TABLE "public"."events" IS 'all'`,
        expect.stringContaining('DELETE FROM scaleout.recorded_comment') as string,
      ],
    });
    expect(steps.slice(-3).map((step) => step.id)).toContain('remove-record:scaleout.recorded_comment');
    // Where nothing turns, nothing is forgotten: the blocking copy keeps the relation.
    expect(ids(distribution({ online: false }), live).join()).not.toContain('comments');
  });

  test('comments of a table that a reference table turns local are back once it has, whatever the table is to be', () => {
    const comments: LiveComment[] = [{ on: 'table', schema: 'public', name: '', text: 'all' }];
    const live = liveDatabase(
      sensors({ devices: { comments } }).filter((table) => table.table.name !== 'events'),
    );
    const tables = [
      { kind: 'reference' as const, table: named('device_types') },
      { kind: 'local' as const, table: named('devices') },
    ];
    expect(ids(distribution({ tables }), live)).toEqual([
      'record-comments:devices',
      'create-reference-table:device_types',
      'restore-comments:devices',
      'remove-record:scaleout.recorded_comment',
      'truncate-local-copy:device_types',
    ]);
  });

  test('a record of comments whose table is gone is given up', () => {
    const comment: LiveComment = { on: 'table', schema: 'public', name: '', text: 'all' };
    const live = liveDatabase(distributedSensors(), {
      recordedComments: [{ table: named('gone'), comment, missing: false }],
      ownSchema: { exists: true, recordTable: false, commentTable: true, others: 0 },
    });
    expect(ids(distribution(), live)).toEqual([
      'restore-comments:gone',
      'remove-record:scaleout.recorded_comment',
    ]);
  });

  test('storage parameters, tablespace and comment of the index of a replaced key are those of the new one', () => {
    const old = primaryKey('events', ['event_id'], {
      options: ['fillfactor=70', 'deduplicate_items=off'],
      tablespace: 'fast disk',
      indexComment: 'small',
    });
    const { steps } = planTables(distribution(), liveDatabase(sensors({ events: { keys: [old] } })));
    const sql = (id: string): readonly string[] => steps.find((step) => step.id === id)?.sql ?? [];
    expect(sql('build-key-index:events')[0]).toMatch(
      / \("device_id", "event_id"\) WITH \("fillfactor" = '70', "deduplicate_items" = 'off'\) TABLESPACE "fast disk"$/,
    );
    expect(sql('replace-primary-key:events').at(-1)).toBe(
      `COMMENT ON INDEX "public"."events_pkey" IS 'small'`,
    );
  });

  test('a partitioned table gets its key, and foreign keys of its own, with writes waiting', () => {
    const live = liveDatabase(sensors({ events: { kind: 'partitioned', partitionedBy: ['event_id'] } }));
    const { steps } = planTables(distribution(), live);
    const on = (id: string): TablesStep | undefined => steps.find((step) => step.id === id);
    expect(on('build-key-index:events')).toBeUndefined();
    expect(on('replace-primary-key:events')).toMatchObject({
      blocksWrites: true,
      sql: [
        'ALTER TABLE "public"."events" DROP CONSTRAINT "events_pkey"',
        'ALTER TABLE "public"."events" ADD CONSTRAINT "events_pkey" PRIMARY KEY ("device_id", "event_id")',
      ],
    });
    const restore = on('restore-foreign-key:events:events_device_id_fkey');
    expect(restore?.blocksWrites).toBe(true);
    expect(restore?.sql.join()).not.toContain('NOT VALID');
    expect(restore?.sql.join()).toContain('DELETE FROM scaleout.dropped_foreign_key');
    expect(on('validate-foreign-key:events:events_device_id_fkey')).toBeUndefined();
  });

  test('an index of an earlier run without the INCLUDE columns is built again', () => {
    const keys = [
      primaryKey('events', ['event_id'], { include: ['note'] }),
      key('scaleout_key_events', 'index', ['device_id', 'event_id']),
    ];
    expect(ids(distribution(), liveDatabase(sensors({ events: { keys } }))).slice(0, 2)).toEqual([
      'drop-leftover-index:events',
      'build-key-index:events',
    ]);
  });

  test('nothing where the database is as specified', () => {
    const live = liveDatabase(distributedSensors());
    expect(isSatisfied(diffTables(new TargetState(distribution(), live)))).toBe(true);
    expect(planTables(distribution(), live).steps).toEqual([]);
  });

  test('names that need quotes or hold quotes stay names', () => {
    const odd = `o'dd "table"`;
    const live = liveDatabase([
      liveTable(odd, { columns: [column('id'), column(`it's`)], keys: [primaryKey(odd, [`it's`])] }),
    ]);
    const expected = distribution({
      tables: [{ kind: 'distributed', table: named(odd), distributeBy: `it's` }],
    });
    expect(planTables(expected, live).steps[0]?.sql).toEqual([
      `SELECT create_distributed_table_concurrently('"public"."o''dd ""table"""', 'it''s', colocate_with => 'none', shard_count => 32)`,
    ]);
  });
});

describe('what an earlier run left behind', () => {
  const leftover = (valid: boolean, columns: string[]): LiveTable[] =>
    sensors({
      events: {
        keys: [primaryKey('events', ['event_id']), key('scaleout_key_events', 'index', columns, { valid })],
      },
    });

  test('an invalid index is dropped and rebuilt', () => {
    expect(ids(distribution(), liveDatabase(leftover(false, ['device_id', 'event_id']))).slice(0, 2)).toEqual(
      ['drop-leftover-index:events', 'build-key-index:events'],
    );
  });

  test('an index with its columns in another order is dropped and rebuilt', () => {
    expect(ids(distribution(), liveDatabase(leftover(true, ['event_id', 'device_id'])))[0]).toBe(
      'drop-leftover-index:events',
    );
  });

  test('a finished index is used', () => {
    expect(ids(distribution(), liveDatabase(leftover(true, ['device_id', 'event_id'])))[0]).toBe(
      'drop-foreign-key:events:events_device_id_fkey',
    );
  });

  test('a recorded foreign key comes back', () => {
    const key = foreignKey('events', ['device_id'], 'devices');
    const tables = distributedSensors().map((table) =>
      table.table.name === 'events' ? { ...table, foreignKeys: [] } : table,
    );
    const live = liveDatabase(tables, {
      droppedForeignKeys: [key],
      ownSchema: { exists: true, recordTable: true, commentTable: false, others: 1 },
    });
    const { steps } = planTables(distribution(), live);
    expect(steps.map((step) => step.action)).toEqual([
      'restore-foreign-key',
      'validate-foreign-key',
      'remove-record',
    ]);
    expect(steps.at(-1)?.sql).toEqual(['DROP TABLE scaleout.dropped_foreign_key']);
  });

  test('the record stays while a foreign key of it cannot come back', () => {
    const tables = [...distributedSensors(), liveTable('elsewhere', { citus: inSchema(9) })];
    const live = liveDatabase(tables, {
      droppedForeignKeys: [foreignKey('elsewhere', ['id'], 'devices')],
      ownSchema: { exists: true, recordTable: true, commentTable: false, others: 0 },
    });
    expect(planTables(distribution(), live).steps).toEqual([]);
  });

  test('a foreign key that only another specification can restore stays recorded, and stops nothing', () => {
    const live = liveDatabase([liveTable('t'), liveTable('other')], {
      droppedForeignKeys: [foreignKey('other', ['id'], 't'), foreignKey('gone', ['id'], 'other')],
      ownSchema: { exists: true, recordTable: true, commentTable: false, others: 0 },
    });
    const expected = distribution({
      tables: [{ kind: 'distributed', table: named('t'), distributeBy: 'id' }],
    });
    expect(ids(expected, live)).toEqual(['distribute:t']);
    const end = perform(expected, live, planTables(expected, live).steps[0] as TablesStep);
    expect(isSatisfied(diffTables(new TargetState(expected, end)))).toBe(true);
  });

  test('a foreign key that was added again and not validated is validated; one that is there is only forgotten', () => {
    const record = foreignKey('events', ['device_id'], 'devices');
    const actions = (validated: boolean): string[] => {
      const tables = distributedSensors().map((table) =>
        table.table.name === 'events' ? { ...table, foreignKeys: [{ ...record, validated }] } : table,
      );
      const live = liveDatabase(tables, {
        droppedForeignKeys: [record],
        ownSchema: { exists: true, recordTable: true, commentTable: false, others: 0 },
      });
      return planTables(distribution(), live).steps.map((step) => step.action);
    };
    expect(actions(false)).toEqual(['validate-foreign-key', 'remove-record']);
    expect(actions(true)).toEqual(['forget-foreign-key', 'remove-record']);
  });

  test('a foreign key that was not validated to begin with is not validated either', () => {
    const key = foreignKey('events', ['device_id'], 'devices', {
      validated: false,
      definition: 'FOREIGN KEY (device_id) REFERENCES public.devices(device_id) NOT VALID',
    });
    const live = liveDatabase(sensors({ events: { foreignKeys: [key] } }));
    expect(ids(distribution(), live).filter((id) => id.startsWith('validate'))).toEqual([]);
  });

  test('one that is not validated is away while Citus copies its table to every node, and would look at each row', () => {
    const key = foreignKey('device_types', ['id'], 'kinds', {
      validated: false,
      definition: 'FOREIGN KEY (id) REFERENCES public.kinds(id) NOT VALID',
    });
    const live = liveDatabase([liveTable('device_types', { foreignKeys: [key] }), liveTable('kinds')]);
    const expected = distribution({
      tables: ['device_types', 'kinds'].map((name) => ({ kind: 'reference', table: named(name) })),
    });
    expect(ids(expected, live).slice(0, 4)).toEqual([
      `drop-foreign-key:device_types:${key.name}`,
      'create-reference-table:kinds',
      'create-reference-table:device_types',
      `restore-foreign-key:device_types:${key.name}`,
    ]);
    const there = liveDatabase(live.tables.map((table) => ({ ...table, citus: reference, hasHeap: false })));
    expect(ids(expected, there)).toEqual([]);
  });

  test('a table that Citus made its own is pinned before its foreign key goes, so that it is not copied back', () => {
    const live = liveDatabase(
      sensors({
        types: { citus: reference, hasHeap: false },
        devices: { citus: { kind: 'local', autoConverted: true }, hasHeap: false },
        events: { citus: { kind: 'local', autoConverted: true }, hasHeap: false },
      }),
    );
    const drop = planTables(distribution(), live).steps.find((step) => step.action === 'drop-foreign-key');
    const pin = drop?.sql.findIndex((sql) => sql.includes('citus_add_local_table_to_metadata')) ?? -1;
    const away = drop?.sql.findIndex((sql) => sql.includes('DROP CONSTRAINT')) ?? -1;
    expect(pin).toBeGreaterThan(-1);
    expect(pin).toBeLessThan(away);
  });
});

describe('the copy blocks writes, and says why', () => {
  const comment = (
    table: Partial<LiveTable>,
    database: Partial<LiveDatabase> = {},
    online = true,
  ): string => {
    const live = liveDatabase([liveTable('t', table)], database);
    const expected = distribution({
      online,
      tables: [{ kind: 'distributed', table: named('t'), distributeBy: 'id' }],
    });
    const step = planTables(expected, live).steps[0];
    expect(step?.blocksWrites).toBe(true);
    expect(step?.sql[0]).not.toContain('_concurrently');
    return step?.comment ?? '';
  };

  test.each([
    ['asked for', {}, {}, false, 'online: false'],
    ['no replica identity', { keys: [] }, {}, true, 'without a primary key or replica identity'],
    ['identity turned off', { replicaIdentity: 'nothing' as const }, {}, true, 'without a primary key'],
    ['its identity was dropped', { replicaIdentity: 'index' as const }, {}, true, 'without a primary key'],
    ['unlogged', { unlogged: true }, {}, true, 'unlogged'],
    ['columnar', { columnar: true }, {}, true, 'INSERT fails on a columnar table'],
    [
      'without partitions',
      { kind: 'partitioned' as const, noPartitions: true },
      {},
      true,
      'has no partitions',
    ],
    [
      'a partition that is unlogged',
      { partitionsApart: [{ table: named('t_1'), why: 'unlogged' as const }] },
      {},
      true,
      'partition t_1 is unlogged',
    ],
    [
      'a key that is checked late',
      { keys: [primaryKey('t', ['id'], { deferrable: true })] },
      {},
      true,
      'without a primary key or replica identity',
    ],
    ['wal_level', {}, { walLevel: 'replica' }, true, 'wal_level is replica'],
    [
      'a rule',
      { rules: [{ table: named('events'), rule: 'kept' }] },
      {},
      true,
      'loses rules on the way to an online copy (kept)',
    ],
    ['partitions with a check', { inheritedCheck: 'positive' }, {}, true, 'CHECK constraint (positive)'],
  ])('%s', (_why, table, database, online, words) => {
    expect(comment(table, database, online)).toContain(words);
  });
});

describe('the hash of what was observed', () => {
  const hash = (tables: LiveTable[], more: Partial<LiveDatabase> = {}): string =>
    observedHash(liveDatabase(tables, more));
  test('does not change with nodes, rows and sizes', () => {
    const other = sensors().map((table) => ({ ...table, oid: 99, rowEstimate: 5, bytes: 1 }));
    expect(hash(other, { nodes: [] })).toBe(hash(sensors()));
  });
  test.each([
    ['a column', { columns: [column('device_id', 'bigint'), column('device_type_id')] }],
    ['a key', { keys: [] }],
    ['a foreign key', { foreignKeys: [] }],
    ['the kind', { citus: distributed('device_id', 3) }],
    ['a local copy', { citus: distributed('device_id', 3), hasHeap: false }],
  ])('changes with %s', (_what, devices) => {
    expect(hash(sensors({ devices }))).not.toBe(hash(sensors()));
  });
});

/**
 * Databases of a few tables with foreign keys in every direction, circles and self-references among them, that a
 * specification without faults describes: some reference tables, the others distributed by `id`, in one or two groups.
 */
const situations = fc
  .record({
    online: fc.boolean(),
    kinds: fc.array(fc.constantFrom('reference', 'first', 'second', 'local'), { minLength: 1, maxLength: 6 }),
    links: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 8 }),
    rekeyed: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    nullable: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    leftover: fc.array(fc.constantFrom('none', 'invalid', 'built'), { minLength: 6, maxLength: 6 }),
    heaps: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    forced: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    identities: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    views: fc.array(fc.constantFrom('none', 'filled', 'empty'), { minLength: 6, maxLength: 6 }),
  })
  .map(({ online, kinds, links, rekeyed, nullable, leftover, heaps, forced, identities, views }) => {
    // The table that starts a group is the last by name, so that an order by name alone would be wrong.
    const name = (index: number): string => `t${String(9 - index)}`;
    const firstOf = (kind: string): number => kinds.indexOf(kind as (typeof kinds)[number]);
    const tables = kinds.map((kind, index): ExpectedTable => {
      const table = named(name(index));
      if (kind === 'reference' || kind === 'local') return { kind, table };
      return {
        kind: 'distributed',
        table,
        distributeBy: 'id',
        ...(firstOf(kind) === index ? {} : { colocateWith: named(name(firstOf(kind))) }),
        ...(rekeyed[index] === true ? { primaryKey: ['id', 'other'] } : {}),
      };
    });
    const pairs = [...new Map(links.map((link) => [link.join(), link])).values()].filter(
      ([from, to]) => from < kinds.length && to < kinds.length,
    );
    const live = kinds.map((kind, index) => {
      const isRekeyed = rekeyed[index] === true && (kind === 'first' || kind === 'second');
      const built = key(`scaleout_key_${name(index)}`, 'index', ['id', 'other']);
      return liveTable(name(index), {
        columns: [column('id'), column('other', 'integer', { notNull: nullable[index] !== true })],
        keys: [
          // A key of its own, so that foreign keys may rest on it or on the primary key.
          key(`${name(index)}_key`, 'unique', ['id']),
          primaryKey(name(index), isRekeyed ? ['other'] : ['id']),
          ...(isRekeyed && leftover[index] !== 'none'
            ? [{ ...built, valid: leftover[index] === 'built' }]
            : []),
        ],
        foreignKeys: pairs
          .filter(([from]) => from === index)
          .map(([, to]) =>
            foreignKey(name(index), ['id'], name(to), {
              name: `fk_${name(index)}_${name(to)}`,
              usesKey: `${name(to)}_key`,
            }),
          ),
        comments:
          heaps[index] === true ? [] : [{ on: 'table', schema: 'public', name: '', text: 'what for' }],
        hasHeap: heaps[index] === true,
        forced: forced[index] === true ? [{ table: named(name(index)), state: 'on' }] : [],
        identities: identities[index] === true ? [identityOf(name(index))] : [],
      });
    });
    const materialized = live.flatMap(({ table }, index) =>
      views[index] === 'none' ? [] : [materializedView(`m_${table.name}`, table, views[index] === 'filled')],
    );
    return { expected: distribution({ online, tables }), live: liveDatabase(live, { views: materialized }) };
  })
  .filter(({ expected, live }) => findPreconditionFailures(new TargetState(expected, live)).length === 0);

function runAll(
  expected: Distribution,
  start: LiveDatabase,
  stopAfter = Infinity,
): { live: LiveDatabase; ran: TablesStep[] } {
  let live = start;
  const ran: TablesStep[] = [];
  while (ran.length < stopAfter) {
    const step = planTables(expected, live).steps[0];
    if (step === undefined) break;
    if (ran.length > 200) throw new Error('does not come to an end');
    live = perform(expected, live, step);
    ran.push(step);
  }
  return { live, ran };
}

describe('any database that a specification fits', () => {
  test('is led to it, by steps that are each allowed when their turn comes', () => {
    fc.assert(
      fc.property(situations, ({ expected, live }) => {
        const { live: end, ran } = runAll(expected, live);
        expect(isSatisfied(diffTables(new TargetState(expected, end)))).toBe(true);
        const before = live.tables.map((table) => table.foreignKeys);
        const order = (keys: { name: string }[]): string[] => keys.map((key) => key.name).sort();
        expect(end.tables.map((table) => order([...table.foreignKeys]))).toEqual(
          before.map((keys) => order([...keys])),
        );
        expect(end.tables.map((table) => table.comments)).toEqual(live.tables.map((table) => table.comments));
        expect(end.tables.map((table) => table.forced)).toEqual(live.tables.map((table) => table.forced));
        expect(end.ownSchema.exists).toBe(false);
        expect(new Set(ran.map((step) => step.id)).size).toBe(ran.length);
      }),
      cases(300),
    );
  });

  test('is led to it from wherever a run was broken off, with no foreign key lost on the way', () => {
    fc.assert(
      fc.property(situations, fc.nat(20), ({ expected, live }, moment) => {
        const { live: half } = runAll(expected, live, moment);
        const names = (database: LiveDatabase): string[] =>
          [
            ...new Set(
              [...database.tables.flatMap((table) => table.foreignKeys), ...database.droppedForeignKeys].map(
                (key) => key.name,
              ),
            ),
          ].sort();
        expect(names(half)).toEqual(names(live));
        expect(isSatisfied(diffTables(new TargetState(expected, runAll(expected, half).live)))).toBe(true);
      }),
      cases(300),
    );
  });

  test('has a plan with reference tables before distributed ones, parents before children, truncation last', () => {
    fc.assert(
      fc.property(situations, ({ expected, live }) => {
        const { steps } = planTables(expected, live);
        const actions = steps.map((step) => step.action);
        const at = (id: string): number => steps.findIndex((step) => step.id === id);
        const lastReference = actions.lastIndexOf('create-reference-table');
        const firstDistributed = actions.indexOf('distribute');
        if (lastReference !== -1 && firstDistributed !== -1)
          expect(lastReference).toBeLessThan(firstDistributed);
        const firstTruncation = actions.indexOf('truncate-local-copy');
        if (firstTruncation !== -1) {
          expect(actions.slice(firstTruncation).every((action) => action === 'truncate-local-copy')).toBe(
            true,
          );
        }
        for (const wanted of expected.tables) {
          if (wanted.kind !== 'distributed' || wanted.colocateWith === undefined) continue;
          expect(at(`distribute:${wanted.colocateWith.name}`)).toBeLessThan(
            at(`distribute:${wanted.table.name}`),
          );
        }
        for (const step of steps.filter((each) => each.action === 'drop-foreign-key')) {
          const key = step.id.replace(/^drop/, 'restore');
          expect(at(key)).toBeGreaterThan(at(step.id));
        }
      }),
      cases(300),
    );
  });

  test('has one plan, whatever the order of the specification', () => {
    fc.assert(
      fc.property(situations, ({ expected, live }) => {
        const reversed = { ...expected, tables: [...expected.tables].reverse() };
        expect(ids(reversed, live)).toEqual(ids(expected, live));
      }),
      cases(100),
    );
  });
});

test('a parent comes before its children among distributed tables where no circle forbids it', () => {
  const tables = ['c', 'b', 'a'].map((name): ExpectedTable => ({
    kind: 'distributed',
    table: named(name),
    distributeBy: 'id',
    ...(name === 'a' ? {} : { colocateWith: named('a') }),
  }));
  const live = liveDatabase([
    liveTable('a'),
    liveTable('b', { foreignKeys: [foreignKey('b', ['id'], 'c')] }),
    liveTable('c', { foreignKeys: [foreignKey('c', ['id'], 'a')] }),
  ]);
  expect(ids(distribution({ tables }), live).filter((id) => id.startsWith('distribute'))).toEqual([
    'distribute:a',
    'distribute:c',
    'distribute:b',
  ]);
});

test('the specification of the sensors is the one the shipped workload has', async () => {
  expect((await loadWorkload('sensors')).distribution.tables).toEqual(sensorsTables);
});
