import type { DrawnTable } from './case';
import { sqlName } from './names';

/** A partition, and how it is made. */
export interface DrawnPartition {
  readonly sql: string;
  /** `FOR VALUES ...`, and by what it is partitioned itself. */
  readonly bound: string;
  /** The table that it is a part of. */
  readonly of: string;
}

/** What follows the parentheses of CREATE TABLE. */
export function partitionedBy({ partitions }: DrawnTable): string {
  if (partitions === 'none') return '';
  return partitions === 'list' ? ' PARTITION BY LIST (at)' : ' PARTITION BY RANGE (at)';
}

/** Days of rows are in 2025, from January to October. */
export function partitionsOf(drawn: DrawnTable): DrawnPartition[] {
  const { table, partitions } = drawn;
  const part = (suffix: string): string =>
    sqlName({ ...table, name: `${table.name.slice(0, 40)} ${suffix}` });
  const of = sqlName(table);
  const make = (suffix: string, bound: string, parent = of): DrawnPartition => ({
    sql: part(suffix),
    bound,
    of: parent,
  });
  const early = "FOR VALUES FROM (MINVALUE) TO ('2025-03-01')";
  const middle = "FOR VALUES FROM ('2025-03-01') TO ('2025-06-01')";
  const late = "FOR VALUES FROM ('2025-06-01') TO (MAXVALUE)";
  switch (partitions) {
    case 'none':
    case 'empty':
      return [];
    case 'range':
      return [make('early', early), make('Middle', middle), make('late', late)];
    case 'range and default':
      return [make('early', early), make('Middle', middle), make('default', 'DEFAULT')];
    case 'list':
      return [make('new year', "FOR VALUES IN ('2025-01-01', '2025-01-02')"), make('default', 'DEFAULT')];
    case 'two levels':
      return [
        make('early', early),
        make('later', "FOR VALUES FROM ('2025-03-01') TO (MAXVALUE) PARTITION BY RANGE (at)"),
        make('Middle', middle, part('later')),
        make('late', late, part('later')),
      ];
  }
}
