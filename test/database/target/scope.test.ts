import { showTable } from '../../../scripts/database/model/names';
import { unlistedTablesInScope, tablesInScope, viewsOver } from '../../../scripts/database/target/scope';
import type { LiveView } from '../../../scripts/database/model/live';
import {
  distributed,
  distribution,
  foreignKey,
  inSchema,
  liveDatabase,
  liveTable,
  named,
  reference,
  schemaOf,
} from '../../tables/support/catalog';
import { byId, spec, whole } from '../../tables/support/specifications';

const inScope = (...args: Parameters<typeof tablesInScope>): string[] =>
  tablesInScope(...args).map(showTable);
const referring = (name: string, to: string, more = {}) =>
  liveTable(name, { foreignKeys: [foreignKey(name, ['id'], to)], ...more });

test('tables that Citus converts beside a named one are in scope, however many foreign keys lie between', () => {
  const live = liveDatabase([
    liveTable('kinds'),
    referring('visits', 'kinds'),
    referring('pages', 'visits'),
    liveTable('alone'),
  ]);
  expect(inScope(spec(whole('kinds')), live)).toEqual(['kinds', 'pages', 'visits']);
  expect(inScope(spec(byId('pages')), live)).toEqual(['pages', 'kinds', 'visits']);
  expect(inScope(spec(byId('alone')), live)).toEqual(['alone']);
});

test('those that Citus converted before are in scope too; what is distributed already, partitions, views and foreign tables are not', () => {
  const live = liveDatabase([
    liveTable('kinds', { citus: reference }),
    referring('local', 'kinds', { citus: { kind: 'local', autoConverted: true } }),
    referring('partitioned', 'kinds', { kind: 'partitioned' }),
    referring('spread', 'kinds', { citus: distributed('id', 7) }),
    referring('tenant', 'kinds', { citus: inSchema(8) }),
    referring('part', 'kinds', { kind: 'partition' }),
    referring('foreign', 'kinds', { kind: 'foreign' }),
    // Through what stays as it is, too: it hangs together all the same.
    referring('beyond', 'spread'),
  ]);
  expect(inScope(spec(whole('kinds')), live)).toEqual(['kinds', 'beyond', 'local', 'partitioned']);
  expect(inScope(spec(whole('kinds'), byId('spread')), live)).toContain('spread');
});

test('a foreign key that a run took away connects as well: it returns', () => {
  const live = liveDatabase([liveTable('kinds'), liveTable('visits')], {
    droppedForeignKeys: [foreignKey('visits', ['id'], 'kinds')],
  });
  expect(inScope(spec(whole('kinds')), live)).toEqual(['kinds', 'visits']);
});

test('tables of a named schema, and those connected with them', () => {
  const at = (schema: string, name: string) => ({ schema, name });
  const live = liveDatabase(
    [
      liveTable('orders', { table: at('tenant', 'orders') }),
      liveTable('log', {
        foreignKeys: [foreignKey('log', ['id'], 'orders', { references: at('tenant', 'orders') })],
      }),
    ],
    { schemas: [schemaOf('tenant')] },
  );
  const expected = distribution({ tables: [], schemas: [{ schema: 'tenant', kind: 'distributed' }] });
  expect(inScope(expected, live)).toEqual(['tenant.orders', 'log']);
});

test('views over tables in scope, and looking at more tables changes nothing of the specification', () => {
  const view = (name: string, ...tables: string[]) =>
    ({ view: named(name), tables: tables.map(named) }) as unknown as LiveView;
  const live = liveDatabase([], { views: [view('a', 'kinds', 'alone'), view('b', 'alone')] });
  expect(viewsOver([named('kinds')], live).map(({ view: each }) => each.name)).toEqual(['a']);
  const expected = spec(byId('kinds'));
  expect(unlistedTablesInScope(expected, [named('kinds'), named('alone')]).tables).toEqual([
    ...expected.tables,
    { kind: 'local', table: named('alone') },
  ]);
});
