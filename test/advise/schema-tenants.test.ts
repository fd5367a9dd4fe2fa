import { parseDistribution } from '../../config/workload/distribution';
import type { TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import { advise } from '../../scripts/advise/advice';
import { toDistributionFile } from '../../scripts/advise/distribution-file';
import type { AdviceInput } from '../../scripts/advise/advice-model';
import { describeAdvice } from '../../scripts/advise/text';
import type { LiveTable } from '../../scripts/database/model/live';
import { column, foreignKey, liveDatabase, liveTable } from '../tables/support/catalog';

const MIB = 1024 * 1024;
const at = (schema: string, name: string): TableName => ({ schema, name });

/** A tenant's schema: users of kinds, and their orders. */
function tenant(
  schema: string,
  more: { readonly kinds?: TableName; readonly extra?: string } = {},
): LiveTable[] {
  const users = at(schema, 'users');
  const { kinds = at('public', 'kinds') } = more;
  return [
    liveTable('users', {
      table: users,
      columns: [column('id'), column('kind_id'), ...(more.extra === undefined ? [] : [column(more.extra)])],
      foreignKeys: [foreignKey('users', ['kind_id'], kinds.name, { table: users, references: kinds })],
    }),
    liveTable('orders', {
      table: at(schema, 'orders'),
      columns: [column('id'), column('user_id')],
      foreignKeys: [
        foreignKey('orders', ['user_id'], 'users', { table: at(schema, 'orders'), references: users }),
      ],
    }),
  ];
}

const kinds = liveTable('kinds', { columns: [column('id')] });

function input(tables: readonly LiveTable[], mib: Readonly<Record<string, number>> = {}): AdviceInput {
  return {
    live: liveDatabase(tables, { nodes: [] }),
    statistics: new Map(
      tables.map(({ table }) => [
        tableKey(table),
        { rows: 1000, bytes: (mib[table.name] ?? 1) * MIB, writes: 0, columns: new Map() },
      ]),
    ),
    queries: [],
    shardCount: 32,
  };
}

test('schemas with the same tables are advised to be distributed as wholes', () => {
  const advice = advise(input([kinds, ...tenant('a'), ...tenant('Tenant "B"')], { orders: 900 }));
  expect(advice.schemas).toEqual([
    {
      schemas: ['Tenant "B"', 'a'],
      tables: ['users', 'orders'],
      references: ['kinds'],
      bytes: 2 * 901 * MIB,
      reasons: [
        expect.stringMatching(
          /^Tenant "B" and a have the same 2 tables, column by column, as where each tenant has a schema/,
        ) as unknown,
        'their tables reference kinds, which every node therefore needs',
      ],
    },
  ]);
  expect(advice.tables.map(({ table, decision }) => [table, decision])).toEqual([['kinds', 'reference']]);
  const file = toDistributionFile(advice);
  expect(file).toMatch(/ +# - Tenant "B" and a have the same 2 tables/);
  expect(parseDistribution(file, 'advised')).toEqual({
    shardCount: 32,
    online: true,
    tables: [{ kind: 'reference', table: at('public', 'kinds') }],
    schemas: [
      { kind: 'distributed', schema: 'Tenant "B"' },
      { kind: 'distributed', schema: 'a' },
    ],
  });
  const text = describeAdvice(advice);
  expect(text).toContain('Tenant "B", a (1.8 GiB)');
  expect(text).toContain('and for 2 schemas');
});

test.each([
  ['one schema', [kinds, ...tenant('a')]],
  ['schemas that differ in a column', [kinds, ...tenant('a'), ...tenant('b', { extra: 'more' })]],
  [
    'schemas of which one references the other',
    [kinds, ...tenant('a'), ...tenant('b', { kinds: at('a', 'users') })],
  ],
  [
    'schemas that tables of other schemas reference',
    [
      ...tenant('a'),
      ...tenant('b'),
      liveTable('kinds', {
        columns: [column('id')],
        foreignKeys: ['a', 'b'].map((schema) =>
          foreignKey('kinds', ['id'], 'users', { references: at(schema, 'users') }),
        ),
      }),
    ],
  ],
])('%s is no tenant', (_what, tables) => {
  const advice = advise(input(tables));
  expect(advice.schemas).toEqual([]);
  expect(advice.tables).toHaveLength(tables.length);
});

test('a table that they reference and that no node could hold whole leaves them to be advised table by table', () => {
  const advice = advise(input([kinds, ...tenant('a'), ...tenant('b')], { kinds: 500_000 }));
  expect(advice.schemas).toEqual([]);
  expect(advice.tables).toHaveLength(5);
});

test('what is beside them is advised as if it were alone', () => {
  const beside = liveTable('log', { table: at('ops', 'log'), columns: [column('id')] });
  const advice = advise(input([kinds, ...tenant('a'), ...tenant('b'), beside]));
  expect(advice.schemas).toHaveLength(1);
  expect(advice.tables.map(({ table }) => table).sort()).toEqual(['kinds', 'ops.log']);
});
