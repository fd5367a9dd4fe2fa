import fc from 'fast-check';
import type { Distribution, ExpectedTable } from '../../../config/workload/distribution-types';
import { diffTables } from '../../../scripts/tables/plan/diff';
import { isSatisfied } from '../../tables/support/satisfied';
import { findPreconditionFailures } from '../../../scripts/database/checks/preconditions';
import type { LiveDatabase } from '../../../scripts/database/model/live';
import { TargetState } from '../../../scripts/database/target/target-state';
import { planTables } from '../../../scripts/tables/plan/plan';
import {
  column,
  distributed,
  distributedSensors,
  distribution,
  foreignKey,
  identityOf,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  reference,
} from '../../tables/support/catalog';
import { carryOut } from '../../tables/support/carry-out';
import { cases } from '../../support/properties';

const ids = (expected: Distribution, live: LiveDatabase): string[] =>
  planTables(expected, live).steps.map((step) => step.id);
const sqlOf = (expected: Distribution, live: LiveDatabase, id: string): readonly string[] =>
  planTables(expected, live).steps.find((step) => step.id === id)?.sql ?? [];
const by = (name: string, distributeBy: string, more: object = {}): ExpectedTable => ({
  kind: 'distributed',
  table: named(name),
  distributeBy,
  ...more,
});

const done = liveDatabase(distributedSensors());

describe('ways back and sideways', () => {
  test('local again: foreign keys are recorded, rows come back, foreign keys return', () => {
    const tables: ExpectedTable[] = ['device_types', 'devices', 'events'].map((name) => ({
      kind: 'local',
      table: named(name),
    }));
    const { steps } = planTables(distribution({ tables }), done);
    expect(steps.map((step) => step.id)).toEqual([
      'drop-foreign-key:devices:devices_device_type_id_fkey',
      'drop-foreign-key:events:events_device_id_fkey',
      'undistribute:device_types',
      'undistribute:devices',
      'undistribute:events',
      'restore-foreign-key:devices:devices_device_type_id_fkey',
      'validate-foreign-key:devices:devices_device_type_id_fkey',
      'restore-foreign-key:events:events_device_id_fkey',
      'validate-foreign-key:events:events_device_id_fkey',
      'remove-record:scaleout.dropped_foreign_key',
    ]);
    for (const step of steps.filter((each) => each.action === 'undistribute')) {
      expect(step).toMatchObject({ blocksWrites: true, reversible: true, transaction: true });
    }
  });

  test('another shard count: the group moves table by table, and only foreign keys between distributed tables go', () => {
    const expected = distribution({ shardCount: 64 });
    expect(ids(expected, done)).toEqual([
      'drop-foreign-key:events:events_device_id_fkey',
      'alter-distribution:devices',
      'alter-distribution:events',
      'restore-foreign-key:events:events_device_id_fkey',
      'validate-foreign-key:events:events_device_id_fkey',
      'remove-record:scaleout.dropped_foreign_key',
    ]);
    expect(sqlOf(expected, done, 'alter-distribution:devices')).toEqual([
      `SELECT alter_distributed_table('"public"."devices"', shard_count => 64, colocate_with => 'none', cascade_to_colocated => false)`,
    ]);
    expect(sqlOf(expected, done, 'alter-distribution:events')).toEqual([
      `SELECT alter_distributed_table('"public"."events"', colocate_with => '"public"."devices"', cascade_to_colocated => false)`,
    ]);
  });

  test('another column: in place where the key holds both, over the coordinator where it does not', () => {
    const table = (keys: string[]): LiveDatabase =>
      liveDatabase([
        liveTable('t', {
          columns: [column('a'), column('b')],
          keys: [primaryKey('t', keys)],
          citus: distributed('a', 3),
          hasHeap: false,
        }),
      ]);
    const expected = (primary?: string[]): Distribution =>
      distribution({ tables: [by('t', 'b', primary === undefined ? {} : { primaryKey: primary })] });
    expect(ids(expected(), table(['a', 'b']))).toEqual(['alter-distribution:t']);
    expect(sqlOf(expected(), table(['a', 'b']), 'alter-distribution:t')[0]).toContain(
      `distribution_column => 'b'`,
    );
    expect(ids(expected(['b', 'a']), table(['a']))).toEqual([
      'build-key-index:t',
      'replace-primary-key:t',
      'alter-distribution:t',
    ]);
    expect(ids(expected(['b']), table(['a']))).toEqual([
      'undistribute:t',
      'build-key-index:t',
      'replace-primary-key:t',
      'distribute:t',
    ]);
  });

  test('a reference table that is to be distributed, and the other way round', () => {
    const live = liveDatabase([
      liveTable('was_reference', { citus: reference, hasHeap: false }),
      liveTable('was_distributed', { citus: distributed('id', 3), hasHeap: false }),
    ]);
    const tables: ExpectedTable[] = [
      by('was_reference', 'id'),
      { kind: 'reference', table: named('was_distributed') },
    ];
    expect(ids(distribution({ tables }), live)).toEqual([
      'undistribute:was_reference',
      'undistribute:was_distributed',
      'create-reference-table:was_distributed',
      'distribute:was_reference',
      'truncate-local-copy:was_distributed',
    ]);
  });

  test('unrelated tables that share a group are parted, and alike tables joined, without moving a row', () => {
    const live = (other: object): LiveDatabase =>
      liveDatabase([
        liveTable('a', { citus: distributed('id', 3), hasHeap: false }),
        liveTable('b', {
          citus: { ...distributed('id', 3), ...other },
          hasHeap: false,
        }),
      ]);
    const apart = distribution({ tables: [by('a', 'id'), by('b', 'id')] });
    const joined = distribution({ tables: [by('a', 'id'), by('b', 'id', { colocateWith: named('a') })] });
    expect(ids(apart, live({}))).toEqual(['change-colocation:b']);
    expect(sqlOf(apart, live({}), 'change-colocation:b')).toEqual([
      `SELECT update_distributed_table_colocation('"public"."b"', colocate_with => 'none')`,
    ]);
    expect(planTables(apart, live({})).steps[0]).toMatchObject({ blocksWrites: false, reversible: true });
    expect(ids(joined, live({ colocationId: 4 }))).toEqual(['change-colocation:b']);
    expect(ids(joined, live({ colocationId: 4, layout: 'moved' }))).toEqual(['alter-distribution:b']);
    expect(ids(joined, live({ colocationId: 4, shardCount: 8 }))).toEqual(['alter-distribution:b']);
    expect(ids(joined, live({}))).toEqual([]);
    // A table that joins one which leaves its group for one of its own gets the shards of that.
    const third = (shardCount: number): LiveDatabase =>
      liveDatabase([
        ...live({}).tables,
        liveTable('c', { citus: distributed('id', 9, shardCount), hasHeap: false }),
      ]);
    const joinsB = distribution({ tables: [...apart.tables, by('c', 'id', { colocateWith: named('b') })] });
    expect(ids(joinsB, third(32))).toEqual(['change-colocation:b', 'change-colocation:c']);
    expect(ids(joinsB, third(8))).toEqual(['change-colocation:b', 'alter-distribution:c']);
  });

  test('what Citus cannot carry over is a fault', () => {
    const faults = (more: object): string[] =>
      findPreconditionFailures(
        new TargetState(
          distribution({ tables: [{ kind: 'local', table: named('t') }] }),
          liveDatabase([liveTable('t', { citus: reference, ...more })]),
        ),
      );
    expect(faults({})).toEqual([]);
    expect(faults({ identities: [identityOf('t')] })[0]).toMatch(
      /undistribute_table, and Citus does that to no table with an identity/,
    );
    expect(faults({ rules: [{ table: named('t'), rule: 'kept' }] })).toEqual([
      'table t is to change with undistribute_table, which makes table t anew without its rule kept: drop the rule, and create it again afterwards',
    ]);
    expect(faults({ ours: false, owner: 'bob' })[0]).toMatch(/belongs to role bob/);
  });

  test('comments are written down before they are lost, or come back in the transaction that loses them', () => {
    const comments = [{ on: 'table' as const, schema: 'public', name: '', text: 'mine' }];
    const back = liveDatabase([liveTable('t', { citus: reference, comments })]);
    expect(ids(distribution({ tables: [{ kind: 'local', table: named('t') }] }), back)).toEqual([
      'record-comments:t',
      'undistribute:t',
      'restore-comments:t',
      'remove-record:scaleout.recorded_comment',
    ]);
    const sideways = liveDatabase([
      liveTable('t', { citus: distributed('id', 3, 8), hasHeap: false, comments }),
    ]);
    expect(sqlOf(distribution({ tables: [by('t', 'id')] }), sideways, 'alter-distribution:t').at(-1)).toBe(
      `COMMENT ON TABLE "public"."t" IS 'mine'`,
    );
  });
});

describe('foreign keys that return', () => {
  const mine = { on: 'table' as const, schema: 'public', name: '', text: 'mine' };
  const why = (name: string) => ({ on: 'constraint' as const, schema: 'public', name, text: 'why' });
  const table = (name: string, kind: 'local' | 'reference'): ExpectedTable => ({ kind, table: named(name) });
  const kept = ({ tables }: LiveDatabase): string[] =>
    tables.map(({ comments }) => comments.map(({ text }) => text).join());

  test('what they turn is recorded by the plan, and its comments are back at the end', () => {
    // hub is a reference table and becomes local: the foreign key of events, which Citus knows, turns it once more.
    const keys = [
      foreignKey('events', ['id'], 'hub', { name: 'of_hub' }),
      foreignKey('events', ['id'], 'kinds', { name: 'of_kind' }),
    ];
    const live = liveDatabase([
      liveTable('hub', { citus: reference, hasHeap: false, comments: [mine] }),
      liveTable('kinds', { citus: { kind: 'local', autoConverted: true }, hasHeap: false, comments: [mine] }),
      liveTable('events', {
        citus: { kind: 'local', autoConverted: true },
        hasHeap: false,
        comments: [mine],
        foreignKeys: keys,
      }),
    ]);
    const expected = distribution({
      tables: [table('hub', 'local'), table('kinds', 'reference'), table('events', 'local')],
    });
    expect(ids(expected, live)).toEqual([
      'drop-foreign-key:events:of_hub',
      'record-comments:hub',
      'undistribute:hub',
      'restore-foreign-key:events:of_hub',
      'validate-foreign-key:events:of_hub',
      'restore-comments:hub',
      'create-reference-table:kinds',
      'remove-record:scaleout.dropped_foreign_key',
      'remove-record:scaleout.recorded_comment',
    ]);
    expect(kept(carryOut(expected, live))).toEqual(['mine', 'mine', 'mine']);
  });

  test('one between two plain tables waits until no reference table can turn them any more', () => {
    const link = foreignKey('a', ['id'], 'b', { name: 'link', comment: 'why' });
    const live = liveDatabase(
      [
        liveTable('a', { foreignKeys: [foreignKey('a', ['id'], 'kinds', { name: 'of_kind' })] }),
        liveTable('b'),
        liveTable('kinds'),
      ],
      {
        droppedForeignKeys: [link],
        ownSchema: { exists: true, recordTable: true, commentTable: false, others: 0 },
      },
    );
    const expected = distribution({
      tables: [table('a', 'local'), table('b', 'local'), table('kinds', 'reference')],
    });
    expect(ids(expected, live)).toEqual([
      'create-reference-table:kinds',
      'restore-foreign-key:a:link',
      'validate-foreign-key:a:link',
      'remove-record:scaleout.dropped_foreign_key',
      'truncate-local-copy:kinds',
    ]);
    expect(kept(carryOut(expected, live))).toEqual(['why', '', '']);
  });

  test('one of a reference table keeps the local table known that it references', () => {
    const live = liveDatabase([
      liveTable('plain', { citus: { kind: 'local', autoConverted: true }, hasHeap: false, comments: [mine] }),
      liveTable('kinds', {
        citus: reference,
        hasHeap: false,
        foreignKeys: [foreignKey('kinds', ['id'], 'plain', { name: 'of_plain' })],
      }),
    ]);
    const expected = distribution({ tables: [table('plain', 'local'), table('kinds', 'local')] });
    expect(sqlOf(expected, live, 'drop-foreign-key:kinds:of_plain')).toContain(
      `SELECT citus_add_local_table_to_metadata('"public"."plain"')`,
    );
    expect(kept(carryOut(expected, live))).toEqual(['mine', '']);
  });

  test('one of a reference table to a local one comes back checked: Citus could not validate it after', () => {
    const key = foreignKey('kinds', ['id'], 'plain', { name: 'of_plain' });
    const live = liveDatabase([
      liveTable('plain', { citus: reference, hasHeap: false }),
      liveTable('kinds', { citus: distributed('id', 3), hasHeap: false, foreignKeys: [key] }),
    ]);
    const expected = distribution({ tables: [table('plain', 'local'), table('kinds', 'reference')] });
    expect(ids(expected, live)).not.toContain('validate-foreign-key:kinds:of_plain');
    const restore = planTables(expected, live).steps.find(({ action }) => action === 'restore-foreign-key');
    expect(restore).toMatchObject({
      blocksWrites: true,
      comment: expect.stringMatching(/Citus validates none of a reference table/) as string,
    });
    expect(carryOut(expected, live).tables[1]?.foreignKeys).toEqual([key]);
  });

  test('a comment that is recorded for one that is away is back when that is', () => {
    const link = foreignKey('a', ['id'], 'b', { name: 'link' });
    const recordedComments = [{ table: named('a'), comment: why('link'), missing: false }];
    const ownSchema = { exists: true, recordTable: true, commentTable: true, others: 0 };
    const live = liveDatabase([liveTable('a'), liveTable('b')], {
      droppedForeignKeys: [link],
      recordedComments,
      ownSchema,
    });
    const expected = distribution({ tables: [table('a', 'local'), table('b', 'local')] });
    expect(ids(expected, live)).toEqual([
      'restore-foreign-key:a:link',
      'validate-foreign-key:a:link',
      'restore-comments:a',
      'remove-record:scaleout.dropped_foreign_key',
      'remove-record:scaleout.recorded_comment',
    ]);
    expect(kept(carryOut(expected, live))).toEqual(['why', '']);
    // It waits for another specification where that foreign key does.
    const stays = liveDatabase([liveTable('a'), liveTable('b', { citus: distributed('id', 3) })], {
      droppedForeignKeys: [link],
      recordedComments,
      ownSchema,
    });
    expect(ids(distribution({ tables: [table('a', 'local')] }), stays)).toEqual([]);
  });
});

/** Two specifications of the same tables, with foreign keys that both allow. */
const changes = fc
  .record({
    online: fc.boolean(),
    counts: fc.tuple(fc.constantFrom(8, 16), fc.constantFrom(8, 16)),
    kinds: fc.array(fc.tuple(...[0, 1].map(() => fc.constantFrom('reference', 'first', 'second', 'local'))), {
      minLength: 1,
      maxLength: 5,
    }),
    links: fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.boolean()), { maxLength: 5 }),
    columns: fc.array(fc.constantFrom('id', 'other'), { minLength: 2, maxLength: 2 }),
  })
  .map(({ online, counts, kinds, links, columns }) => {
    const name = (index: number): string => `t${String(9 - index)}`;
    const specification = (which: 0 | 1): Distribution => {
      const firstOf = (kind: string | undefined): number => kinds.findIndex((pair) => pair[which] === kind);
      return distribution({
        online,
        shardCount: counts[which],
        tables: kinds.map((pair, index): ExpectedTable => {
          const [kind, table] = [pair[which], named(name(index))];
          if (kind === 'reference' || kind === 'local') return { kind, table };
          const colocateWith = firstOf(kind) === index ? {} : { colocateWith: named(name(firstOf(kind))) };
          return by(name(index), columns[which] ?? 'id', colocateWith);
        }),
      });
    };
    const live = kinds.map((_, index) => {
      const foreignKeys = [...new Map(links.map((link) => [link.slice(0, 2).join(), link])).values()]
        .filter(([from, to]) => from === index && to < kinds.length)
        .map(([, to, commented]) =>
          foreignKey(name(index), ['id', 'other'], name(to), {
            name: `fk_${name(index)}_${name(to)}`,
            ...(commented ? { comment: 'why' } : {}),
          }),
        );
      return liveTable(name(index), {
        columns: [column('id'), column('other')],
        comments: [
          { on: 'table', schema: 'public', name: '', text: 'mine' },
          ...foreignKeys.flatMap(({ name: on, comment }) =>
            comment === undefined
              ? []
              : [{ on: 'constraint' as const, schema: 'public', name: on, text: comment }],
          ),
        ],
        keys: [
          primaryKey(name(index), ['id', 'other']),
          key(`${name(index)}_key`, 'unique', ['other', 'id']),
        ],
        foreignKeys,
      });
    });
    return { first: specification(0), second: specification(1), live: liveDatabase(live) };
  })
  .filter(({ first, second, live }) =>
    [first, second].every(
      (expected) => findPreconditionFailures(new TargetState(expected, live)).length === 0,
    ),
  );

test('any specification leads to any other, by steps that one plan names, and every foreign key is there at the end', () => {
  fc.assert(
    fc.property(changes, ({ first, second, live }) => {
      const names = ({ tables }: LiveDatabase): string[] =>
        tables.flatMap(({ foreignKeys }) => foreignKeys.map(({ name }) => name)).sort();
      const comments = ({ tables }: LiveDatabase): string[] =>
        tables.flatMap((each) => each.comments.map(({ name }) => `${each.table.name} ${name}`)).sort();
      const between = carryOut(first, live);
      expect(findPreconditionFailures(new TargetState(second, between))).toEqual([]);
      const end = carryOut(second, between);
      expect(isSatisfied(diffTables(new TargetState(second, end)))).toBe(true);
      expect(names(end)).toEqual(names(live));
      expect(comments(end)).toEqual(comments(live));
    }),
    cases(400),
  );
});
