import { convertedToLocal } from '../../scripts/simulate/converted-to-local';
import type { CatalogForeignKey } from '../../scripts/simulate/converted-to-local';

const at = (text: string): { schema: string; name: string } => {
  const [schema = '', name = ''] = text.split('.');
  return { schema, name };
};

/** The tables of a database in the order in which they were made, which is that of their ids. */
const TABLES = [
  'public.regions',
  'public.kinds',
  'public.kids',
  'c.orders',
  'd.x',
  'a.orders',
  'b.orders',
  'b.lines',
  'd.y',
  'd.w',
];

const key = (from: string, to: string, more: Partial<CatalogForeignKey> = {}): CatalogForeignKey => ({
  name: 'fk',
  from: at(from),
  to: at(to),
  fromId: TABLES.indexOf(from),
  toId: TABLES.indexOf(to),
  inherited: false,
  ...more,
});

const turned = (
  references: readonly string[],
  keys: readonly CatalogForeignKey[],
  there: readonly string[] = [],
): string[] =>
  convertedToLocal(references.map(at), keys, there.map(at)).map(({ schema, name }) => `${schema}.${name}`);

const KEYS = [
  key('c.orders', 'public.regions'),
  key('b.orders', 'public.kinds'),
  key('b.lines', 'b.orders'),
  key('d.y', 'd.x'),
  key('d.y', 'public.kids'),
  key('d.w', 'd.x'),
  key('a.orders', 'public.kinds'),
  key('public.kinds', 'public.regions'),
  key('public.kids', 'public.regions'),
];

// The order of the shard ids that Citus 12.1.12 gave to these tables.
test('a reference table turns local what is connected with it, other tables that are to be references included', () => {
  expect(turned(['public.regions', 'public.kinds', 'public.kids'], KEYS)).toEqual([
    'c.orders',
    'public.kinds',
    'a.orders',
    'b.orders',
    'b.lines',
    'public.kids',
    'd.y',
    'd.x',
    'd.w',
  ]);
});

test('of tables that reference it, the one first whose foreign key the catalog has first, whichever is older', () => {
  const keys = ['b.orders', 'a.orders', 'c.orders'].map((from) => key(from, 'public.kinds'));
  expect(turned(['public.kinds'], keys)).toEqual(['b.orders', 'a.orders', 'c.orders']);
  expect(turned(['public.kinds'], [...keys].reverse())).toEqual(['c.orders', 'a.orders', 'b.orders']);
});

test('tables that it references come before, by the names of the foreign keys', () => {
  const keys = [
    key('c.orders', 'public.kinds'),
    key('public.kinds', 'd.x', { name: 'b' }),
    key('public.kinds', 'd.w', { name: 'a' }),
    key('public.kinds', 'd.y', { name: 'B' }),
    key('public.kinds', 'public.kinds'),
  ];
  expect(turned(['public.kinds'], keys)).toEqual(['d.y', 'd.w', 'd.x', 'c.orders']);
});

test('a foreign key of a partition turns nothing by itself', () => {
  const keys = [
    key('a.orders', 'public.kinds', { inherited: true }),
    key('b.orders', 'public.kinds'),
    key('a.orders', 'c.orders', { inherited: true }),
    key('b.orders', 'c.orders'),
  ];
  expect(turned(['public.kinds'], keys)).toEqual(['b.orders', 'c.orders', 'a.orders']);
});

test('what Citus knows already turns no more', () => {
  expect(turned(['public.regions'], KEYS, ['c.orders'])[0]).toBe('public.kinds');
  expect(turned(['public.regions', 'public.kinds'], KEYS, TABLES)).toEqual([]);
});
