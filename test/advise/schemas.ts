import { tableKey } from '../../config/workload/identifiers';
import type { LiveForeignKey, LiveTable } from '../../scripts/database/model/live';
import type { AdviceInput } from '../../scripts/advise/advice-model';
import type { QueryShape } from '../../scripts/database/forecast/shape';
import type { TableStatistics } from '../../scripts/advise/statistics';
import type { AdvisedQuery } from '../../scripts/advise/workload';
import {
  column,
  foreignKey,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
} from '../tables/support/catalog';

/** A table in few words. */
export interface Sketch {
  /** By name: type, and distinct values where statistics say; a `?` behind the type allows NULL. */
  readonly columns: Readonly<Record<string, string>>;
  readonly key?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  /** `column` to `table.column`. */
  readonly references?: Readonly<Record<string, string>>;
  /** Foreign keys of several columns: `tenant_id, order_id` to `orders.tenant_id, id`. */
  readonly composite?: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly mib: number;
  readonly distinct?: Readonly<Record<string, number>>;
  readonly nulls?: Readonly<Record<string, number>>;
  readonly top?: Readonly<Record<string, number>>;
  readonly more?: Partial<LiveTable>;
}

/** A database before it is distributed, from sketches of its tables. */
export function situation(
  sketches: Readonly<Record<string, Sketch>>,
  queries: readonly AdvisedQuery[] = [],
  shardCount = 32,
): AdviceInput {
  const tables = Object.entries(sketches).map(([name, sketch]) => toTable(name, sketch));
  return {
    live: liveDatabase(tables, { nodes: [] }),
    statistics: new Map(
      Object.entries(sketches).map(([name, sketch]) => [tableKey(named(name)), toStatistics(sketch)]),
    ),
    queries,
    shardCount,
  };
}

function toTable(
  name: string,
  { columns, key: primary, unique = [], references = {}, composite = {}, more }: Sketch,
): LiveTable {
  return liveTable(name, {
    columns: Object.entries(columns).map(([each, type]) =>
      column(each, type.replace('?', ''), { notNull: !type.endsWith('?') }),
    ),
    keys: [
      ...(primary === undefined ? [] : [primaryKey(name, primary)]),
      ...unique.map((each) => key(`${name}_${each.join('_')}_key`, 'unique', each)),
    ],
    foreignKeys: Object.entries({ ...references, ...composite }).map(([from, to]): LiveForeignKey => {
      const [table = '', targets = ''] = to.split('.');
      return foreignKey(name, from.split(', '), table, { referencedColumns: targets.split(', ') });
    }),
    ...more,
  });
}

function toStatistics({
  columns,
  rows,
  mib,
  key: primary = [],
  distinct = {},
  nulls = {},
  top = {},
}: Sketch): TableStatistics {
  return {
    rows,
    bytes: mib * 1024 ** 2,
    writes: 0,
    columns: new Map(
      Object.keys(columns).map((name) => [
        name,
        {
          distinct:
            distinct[name] ?? (primary.length === 1 && primary[0] === name ? rows : Math.min(rows, 1000)),
          nulls: nulls[name] ?? 0,
          ...(top[name] === undefined ? {} : { top: top[name] }),
        },
      ]),
    ),
  };
}

/** A query that reads tables (by their own names), holds columns to values, and joins columns. */
export function asks(
  name: string,
  tables: readonly string[],
  {
    holds = [],
    joins = [],
    sets = [],
    share,
  }: {
    holds?: readonly string[];
    joins?: readonly (readonly [string, string])[];
    /** Columns of the first table that it changes. */
    sets?: readonly string[];
    share: number;
  },
): AdvisedQuery {
  const reference = (text: string): { alias: string; column: string } => {
    const [alias = '', columnName = ''] = text.split('.');
    return { alias, column: columnName };
  };
  const shape: QueryShape = {
    command: sets.length > 0 ? 'update' : 'select',
    relations: tables.map((table) => ({ alias: table, table: named(table), block: 0 })),
    blocks: [{ parent: undefined, kind: 'query', whole: false, correlated: false }],
    equalities: joins.map(([a, b]) => [reference(a), reference(b)]),
    conditions: holds.map((text) => ({
      kind: 'equal',
      left: { kind: 'column', ...reference(text) },
      right: { kind: 'value', text: '$1' },
    })),
    outerJoins: [],
    semiJoined: new Set(),
    exists: false,
    ...(sets.length > 0 ? { modifies: named(tables[0] ?? '') } : {}),
    sets,
    locksRows: false,
    recursive: false,
    groupingSets: false,
  };
  return { name, source: 'file', sql: name, share, shape };
}
