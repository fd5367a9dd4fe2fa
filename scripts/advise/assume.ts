import { z } from 'zod';
import { readConfigFile, shownPath } from '../../config/file/files';
import { strictShape } from '../../config/file/schema-types';
import { parseYaml, rule } from '../../config/file/yaml';
import { checkNames, entriesBy, readName, readTableName, tableKey } from '../../config/workload/identifiers';
import type { ColumnStatistics, TableStatistics } from './statistics';

/** What to take a table for: what is absent is as in the database that is looked at. */
export interface AssumedTable {
  /** As the file has it. */
  readonly written: string;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly columns: ReadonlyMap<string, Partial<ColumnStatistics>>;
}

/** By {@link tableKey}. */
export type Assumptions = ReadonlyMap<string, AssumedTable>;

const amount = (what: string): z.ZodNumber => z.number({ error: what }).min(0, { error: what });
const share = (what: string): z.ZodNumber => amount(what).max(1, { error: what });

const columnSchema = strictShape(
  {
    distinct: amount('how many distinct values it has').optional(),
    nulls: share('the share of rows that hold NULL, from 0 to 1').optional(),
    top: share('the share of rows that hold the most frequent value, from 0 to 1').optional(),
  },
  'what is known of the column: distinct, nulls and top',
);

const tableSchema = strictShape(
  {
    rows: amount('how many rows it has').optional(),
    bytes: amount('how many bytes it takes with its indexes').optional(),
    columns: z
      .record(z.string(), columnSchema, { error: 'columns by name, as in org_id: { distinct: 900 }' })
      .optional(),
  },
  'what is known of the table: rows, bytes and columns',
);

const tables = z
  .record(z.string(), tableSchema, { error: 'tables by name, as in public.events: { rows: 90000000 }' })
  .transform(entriesBy(readTableName));

const assumeSchema = strictShape(
  { formatVersion: z.literal(1, { error: '1' }), tables },
  'a map with the keys formatVersion and tables, as `advise --print-assume-query` has another database print it',
);

const names = rule(z.object({ tables }), (value, report) => {
  checkNames('table', value.tables, tableKey, report);
});

/** Reads what `--assume` names, JSON or YAML. @throws ConfigError with every fault */
export function loadAssumptions(file: string): Assumptions {
  return parseAssumptions(readConfigFile(file), shownPath(file));
}

/** Reads such a file's text. Pure. @throws ConfigError with every fault */
export function parseAssumptions(text: string, file: string): Assumptions {
  const read = parseYaml(text, file, assumeSchema, [names]);
  return new Map(
    read.tables.flatMap(({ key, name, value }): [string, AssumedTable][] => {
      if (!name.ok) return [];
      const columns = Object.entries(value.columns ?? {}).flatMap(
        ([column, { distinct, nulls, top }]): [string, Partial<ColumnStatistics>][] => {
          const known = readName(column);
          const statistics = {
            ...(distinct === undefined ? {} : { distinct }),
            ...(nulls === undefined ? {} : { nulls }),
            ...(top === undefined ? {} : { top }),
          };
          return known.ok ? [[known.value, statistics]] : [];
        },
      );
      const { rows, bytes } = value;
      return [[tableKey(name.value), { written: key, rows, bytes, columns: new Map(columns) }]];
    }),
  );
}

/** Statistics as they would be with what is assumed. Pure. */
export function withAssumptions(
  known: ReadonlyMap<string, TableStatistics>,
  assumed: Assumptions,
): Map<string, TableStatistics> {
  return new Map(
    [...known].map(([key, statistics]): [string, TableStatistics] => {
      const other = assumed.get(key);
      if (other === undefined) return [key, statistics];
      const rows = other.rows ?? statistics.rows;
      const columns = new Map(statistics.columns);
      for (const [column, each] of other.columns) {
        const before = columns.get(column) ?? { distinct: 0, nulls: 0 };
        // The most frequent value of a copy says nothing of a database that has other values.
        const base =
          each.distinct === undefined ? before : { distinct: before.distinct, nulls: before.nulls };
        columns.set(column, { ...base, ...each });
      }
      return [
        key,
        {
          ...statistics,
          ...(rows === undefined ? {} : { rows }),
          bytes: other.bytes ?? statistics.bytes,
          columns,
        },
      ];
    }),
  );
}
