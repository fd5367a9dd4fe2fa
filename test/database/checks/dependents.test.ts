import type { Distribution } from '../../../config/workload/distribution-types';
import type { LiveDatabase, LiveDependent, LiveTable } from '../../../scripts/database/model/live';
import {
  distributed,
  distribution,
  foreignKey,
  identityOf,
  liveDatabase,
  liveTable,
  reference,
} from '../../tables/support/catalog';
import { byId, faultsAmong, faultsOf, spec, whole } from '../../tables/support/specifications';

const counted: LiveDependent = { object: 'function counted()', kind: 'function', on: 'table t', usedBy: [] };
const t = (more: Partial<LiveTable> = {}): LiveTable => liveTable('t', { dependents: [counted], ...more });
const local = { kind: 'local', autoConverted: true } as const;
const toKind = { foreignKeys: [foreignKey('t', ['id'], 'kind')] };
const kind = liveTable('kind');

describe('a function over a table', () => {
  const blocking = (expected: Distribution): Distribution => ({ ...expected, online: false });

  test.each<[string, Distribution, LiveTable[], string]>([
    ['an online copy', spec(byId('t')), [t()], 'for its online copy'],
    [
      'a conversion beside a reference table',
      spec(whole('kind')),
      [kind, t(toKind)],
      'as a Citus local table, since foreign keys connect it with reference table kind',
    ],
    [
      'a conversion at the return of a foreign key',
      spec(whole('kind')),
      [liveTable('kind', { foreignKeys: [foreignKey('kind', ['id'], 't', { validated: false })] }), t()],
      'as a Citus local table, since foreign keys connect it with reference table kind',
    ],
    [
      'the second of two reference tables',
      spec(whole('kind'), whole('t')),
      [kind, t(toKind)],
      'as a Citus local table',
    ],
    [
      'a copy of a local table with writes waiting',
      blocking(spec(byId('t'))),
      [t({ citus: local })],
      'before it distributes it with writes waiting',
    ],
    [
      'another shard count',
      spec(byId('t')),
      [t({ citus: distributed('id', 1, 4) })],
      'to copy it into other shards',
    ],
    [
      'a way back',
      spec(whole('t')),
      [t({ citus: distributed('id', 1) })],
      'to bring it back to the coordinator',
    ],
  ])('stands in the way of %s', (_what, expected, tables, why) => {
    const faults = faultsAmong(expected, ...tables);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(`Citus recreates table t ${why}`);
    expect(faults[0]).toMatch('function counted() (through table t) is dropped, stays with the old table');
    const without = tables.map((table) => ({ ...table, dependents: [] }));
    expect(faultsAmong(expected, ...without)).toEqual([]);
  });

  test.each<[string, Distribution, LiveTable[]]>([
    ['is copied in place', blocking(spec(byId('t'))), [t()]],
    ['becomes a reference table', spec(whole('t')), [t()]],
    [
      'becomes a reference table ahead of another',
      spec(whole('kind'), whole('t')),
      [liveTable('kind', { foreignKeys: [foreignKey('kind', ['id'], 't')] }), t()],
    ],
    ['is copied online and local to Citus', spec(byId('t')), [t({ citus: local })]],
    ['stays as it is', spec(whole('kind')), [kind, t()]],
    ['is there already', spec(whole('t')), [t({ citus: reference })]],
  ])('stays where the table %s', (_what, expected, tables) => {
    expect(faultsAmong(expected, ...tables)).toEqual([]);
  });
});

test('one fault for each kind of object, and each object once', () => {
  const live: LiveDatabase = liveDatabase([
    liveTable('a', {
      dependents: [
        { object: 'function f(v)', kind: 'function', on: 'type v', usedBy: ['view w', 'view x'] },
        { object: 'column c of table u', kind: 'column', on: 'type a', usedBy: [] },
        { object: 'column d of table u', kind: 'column', on: 'type a[]', usedBy: [] },
      ],
    }),
    liveTable('b', { dependents: [{ object: 'function f(v)', kind: 'function', on: 'type v', usedBy: [] }] }),
  ]);
  expect(faultsOf(spec(byId('a'), byId('b')), live)).toEqual([
    'Citus recreates table a for its online copy, and column c of table u (through type a) and column d of table u (through type a[]) are dropped with their values: ' +
      'change their types first, as with ALTER TABLE ... ALTER COLUMN ... TYPE jsonb USING to_jsonb(...), or say online: false, which keeps the table and lets writes wait',
    'Citus recreates table a for its online copy, and function f(v) (through type v; used by view w and view x) is dropped, stays with the old table, or makes the run fail: ' +
      'drop it first and create it again afterwards, or write its body as a string and columns in place of the row type, ' +
      'or say online: false, which keeps the table and lets writes wait',
  ]);
});

test('an identity column whose name Citus would have to quote', () => {
  const table = liveTable('t', {
    ...toKind,
    identities: [identityOf('t'), { ...identityOf('t', 'My "Id"'), needsQuotes: true }],
  });
  expect(faultsAmong(spec(whole('kind')), kind, table)).toEqual([
    'Citus recreates table t as a Citus local table, since foreign keys connect it with reference table kind, writes the name of its identity column "My ""Id""" without quotes, and fails: ' +
      'rename the column first (ALTER TABLE "public"."t" RENAME COLUMN "My ""Id""" TO ...), turn it into one with a sequence as its default ' +
      '(ALTER COLUMN ... DROP IDENTITY, then SET DEFAULT nextval(...)), or leave table kind out',
  ]);
  const apart = { ...table, foreignKeys: [] };
  expect(faultsAmong({ ...distribution({ tables: [byId('t')] }), online: false }, apart)).toEqual([]);
});
