import { wideDistribution, wideSchemaSql } from '../../scripts/bench/wide-schema';

it('makes three foreign keys for every table, each to a table that is there', () => {
  const statements = wideSchemaSql(50);
  const keys = statements.flatMap((statement) => {
    const [, table, parent] = /^ALTER TABLE wide\.t(\d+) .* REFERENCES wide\.t(\d+) /.exec(statement) ?? [];
    return table === undefined ? [] : [{ table: Number(table), parent: Number(parent) }];
  });
  expect(statements.filter((statement) => statement.startsWith('CREATE TABLE'))).toHaveLength(50);
  expect(keys).toHaveLength(150);
  expect(keys.every(({ table, parent }) => parent < table || (table === 0 && parent === 0))).toBe(true);
});

it('puts every table into one colocation group', () => {
  const { tables } = wideDistribution(3);
  expect(tables.map((table) => (table.kind === 'distributed' ? table.colocateWith?.name : ''))).toEqual([
    undefined,
    't0',
    't0',
  ]);
});
