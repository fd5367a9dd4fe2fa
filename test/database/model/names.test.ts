import fc from 'fast-check';
import { sameTable, showTable } from '../../../scripts/database/model/names';
import { cases } from '../../support/properties';

test('a table is named plainly, and quoted where a dot, a quote or a colon could be mistaken', () => {
  expect(
    [
      { schema: 'public', name: 'events' },
      { schema: 'Sales 2', name: 'Orders' },
      { schema: 'a', name: 'b.c' },
      { schema: 'a.b', name: 'c' },
      { schema: 'public', name: 'a.b' },
      { schema: 'public', name: 'a"b' },
    ].map(showTable),
  ).toEqual(['events', 'Sales 2.Orders', 'a."b.c"', '"a.b".c', '"a.b"', '"a""b"']);
});

test('any two tables have two names', () => {
  const part = fc.string({ unit: fc.constantFrom('a', '.', '"', ':'), minLength: 1, maxLength: 4 });
  const table = fc.record({ schema: fc.oneof(part, fc.constant('public')), name: part });
  fc.assert(
    fc.property(table, table, (one, other) => {
      expect(showTable(one) === showTable(other)).toBe(sameTable(one, other));
    }),
    cases(2000),
  );
});
