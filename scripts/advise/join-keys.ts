import type { TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import type { LiveColumn, LiveTable } from '../database/model/live';
import { EqualSets } from '../database/forecast/equal-columns';
import type { QueryShape } from '../database/forecast/shape';
import { showTable } from '../database/model/names';
import type { AdvisedQuery } from './workload';

/** Columns of several tables that mean the same thing, such as every `user_id`: what tables can live together by. */
export interface JoinKey {
  /** The column that says it best: that of the table it is the key of, else the commonest. */
  readonly name: string;
  /** The table whose key it is, where there is one. */
  readonly owner?: string;
  /** By {@link tableKey}: the table's columns of this domain, the best first. */
  readonly members: ReadonlyMap<string, readonly JoinKeyColumn[]>;
  readonly links: readonly JoinKeyLink[];
}

export interface JoinKeyColumn {
  readonly table: TableName;
  readonly column: LiveColumn;
  /** The column alone tells rows apart. */
  readonly unique: boolean;
  /** Share of the workload that holds it to one value. */
  readonly filtered: number;
  /** Share of the workload that joins by it. */
  readonly joined: number;
  /** Place among the columns of the primary key, or of a unique key where it is in no primary one; absent where in none. */
  readonly placeInKey?: number;
  /** A query of the workload that sets it. */
  readonly setBy?: string;
}

/** Why two columns are taken to mean the same. */
export interface JoinKeyLink {
  readonly from: ColumnName;
  readonly to: ColumnName;
  readonly by: 'foreign key' | 'join' | 'name';
  readonly foreignKey?: string;
}

export interface ColumnName {
  readonly table: TableName;
  readonly column: string;
}

const NUMBERS = new Set(['smallint', 'integer', 'bigint']);
const TEXTS = new Set(['text', 'character varying', 'character']);
/** Names of columns that point at something: `user_id`, `userId`, `customer_uuid`. */
const POINTER =
  /^(?<stem>.+?)(?:_(?:id|uuid|guid|key|code)|_(?:ID|UUID|GUID|KEY|CODE)|(?<=[\p{Ll}\d])(?:Id|ID|Uuid|Key|Code))$/u;
/** `userid` points at something where there are users; `paid` and `valid` are words. */
const GLUED = /^(?<stem>.+)id$/;

/** Behind every place in a key. */
const NO_PLACE = 1000;

/** Columns of one family can be given one type; the others never mean the same. */
export function typeFamily(type: string): string {
  if (NUMBERS.has(type)) return 'number';
  return TEXTS.has(type) ? 'text' : type;
}

/** Finds what columns mean the same: by foreign keys, by the joins of the workload, and by names where neither says. Pure. */
export function findJoinKeys(
  tables: readonly LiveTable[],
  queries: readonly AdvisedQuery[],
  asked?: AskedColumn,
): JoinKey[] {
  const known = new Map(tables.map((table) => [tableKey(table.table), new Columns(table)]));
  const use = countUse(queries);
  const links = foreignKeyLinks(tables).filter((link) => comparable(known, link));
  // A join of two columns that foreign keys have explained already does not make them one thing.
  const explained = new Set(links.flatMap(({ from, to }) => [columnKey(from), columnKey(to)]));
  const joins = joinLinks(queries).filter(
    (link) =>
      comparable(known, link) && !(explained.has(columnKey(link.from)) && explained.has(columnKey(link.to))),
  );
  links.push(...joins);
  links.push(...nameLinks([...known.values()], links));
  const wanted = asked === undefined ? [] : askedColumns(tables, asked);
  const linked = new Set(links.flatMap(({ from, to }) => [columnKey(from), columnKey(to)]));
  links.push(
    ...linkedByName(wanted.filter((name) => !linked.has(columnKey(name)))).filter((link) =>
      comparable(known, link),
    ),
  );

  const sets = new EqualSets();
  const seen = new Map<string, ColumnName>();
  const see = (name: ColumnName): string => {
    const key = columnKey(name);
    seen.set(key, name);
    return key;
  };
  for (const { from, to } of links) sets.join(see(from), see(to));
  for (const columns of known.values()) for (const column of columns.alone()) see(column);
  for (const name of wanted) see(name);
  for (const name of use.filtered.values())
    if (known.get(tableKey(name.table))?.has(name.column) === true) see(name);

  const grouped = new Map<string, ColumnName[]>();
  for (const [key, name] of seen) {
    const root = sets.find(key);
    const list = grouped.get(root);
    if (list === undefined) grouped.set(root, [name]);
    else list.push(name);
  }
  const linksOf = new Map<string, JoinKeyLink[]>();
  for (const link of links) {
    const root = sets.find(columnKey(link.from));
    const list = linksOf.get(root);
    if (list === undefined) linksOf.set(root, [link]);
    else list.push(link);
  }
  return [...grouped].map(([root, names]) => toDomain(names, linksOf.get(root) ?? [], known, use));
}

/** A column that somebody asks for by its name, in one table or in all that have it. */
export interface AskedColumn {
  /** As messages name it; absent for every table that has the column. */
  readonly table?: string;
  readonly column: string;
}

/** The columns that are meant; none where there is no such column. Pure. */
export function askedColumns(tables: readonly LiveTable[], asked: AskedColumn): ColumnName[] {
  return tables.flatMap(({ table, columns }) =>
    (asked.table === undefined || showTable(table) === asked.table) &&
    columns.some(({ name }) => name === asked.column)
      ? [{ table, column: asked.column }]
      : [],
  );
}

function linkedByName([first, ...others]: readonly ColumnName[]): JoinKeyLink[] {
  return first === undefined ? [] : others.map((from): JoinKeyLink => ({ from, to: first, by: 'name' }));
}

function toDomain(
  names: readonly ColumnName[],
  links: readonly JoinKeyLink[],
  known: ReadonlyMap<string, Columns>,
  use: Use,
): JoinKey {
  const members = new Map<string, JoinKeyColumn[]>();
  for (const { table, column } of names) {
    const columns = known.get(tableKey(table));
    const live = columns?.get(column);
    if (columns === undefined || live === undefined) continue;
    const key = columnKey({ table, column });
    const placeInKey = columns.placeInKey(column);
    const setBy = use.setBy.get(key);
    const member: JoinKeyColumn = {
      table,
      column: live,
      unique: columns.isUnique(column),
      filtered: use.share.get(key)?.filtered ?? 0,
      joined: use.share.get(key)?.joined ?? 0,
      ...(placeInKey === undefined ? {} : { placeInKey }),
      ...(setBy === undefined ? {} : { setBy }),
    };
    const list = members.get(tableKey(table));
    if (list === undefined) members.set(tableKey(table), [member]);
    else list.push(member);
  }
  const pointedAt = new Map<string, number>();
  for (const { to } of links) pointedAt.set(columnKey(to), (pointedAt.get(columnKey(to)) ?? 0) + 1);
  const all = [...members.values()].flat();
  const owner = all
    .filter((member) => member.unique)
    .sort((a, b) => pointers(b) - pointers(a) || compare(tableKey(a.table), tableKey(b.table)))[0];
  function pointers({ table, column }: JoinKeyColumn): number {
    return pointedAt.get(columnKey({ table, column: column.name })) ?? 0;
  }
  const name =
    commonest(all.filter((member) => member !== owner).map((member) => member.column.name)) ??
    owner?.column.name ??
    '';
  for (const list of members.values()) {
    list.sort(
      (a, b) =>
        Number(b === owner) - Number(a === owner) ||
        b.filtered + b.joined - (a.filtered + a.joined) ||
        Number(b.column.notNull) - Number(a.column.notNull) ||
        (a.placeInKey ?? NO_PLACE) - (b.placeInKey ?? NO_PLACE) ||
        Number(b.column.name === name) - Number(a.column.name === name) ||
        compare(a.column.name, b.column.name),
    );
  }
  return { name, ...(owner === undefined ? {} : { owner: tableKey(owner.table) }), members, links };
}

/** A table's columns, looked up by name. */
class Columns {
  readonly table: LiveTable;
  private readonly byName: ReadonlyMap<string, LiveColumn>;
  private readonly uniqueAlone: ReadonlySet<string>;

  constructor(table: LiveTable) {
    this.table = table;
    this.byName = new Map(table.columns.map((column) => [column.name, column]));
    this.uniqueAlone = new Set(
      table.keys.flatMap(({ columns: [first, ...rest], valid, kind }) =>
        valid && kind !== 'exclusion' && rest.length === 0 && typeof first === 'string' ? [first] : [],
      ),
    );
  }

  has(column: string): boolean {
    return this.byName.has(column);
  }

  get(column: string): LiveColumn | undefined {
    return this.byName.get(column);
  }

  isUnique(column: string): boolean {
    return this.uniqueAlone.has(column);
  }

  /** Where it stands in the primary key, else in the first unique one that has it. */
  placeInKey(column: string): number | undefined {
    const keys = this.table.keys
      .filter(({ kind, valid, columns }) => valid && kind !== 'exclusion' && columns.includes(column))
      .sort((a, b) => Number(b.kind === 'primary') - Number(a.kind === 'primary'));
    return keys[0]?.columns.indexOf(column);
  }

  /** The column that is the primary key by itself. */
  key(): string | undefined {
    const primary = this.table.keys.find(({ kind }) => kind === 'primary');
    const [first, ...rest] = primary?.columns ?? [];
    return rest.length === 0 ? (first ?? undefined) : undefined;
  }

  alone(): ColumnName[] {
    const key = this.key();
    return key === undefined ? [] : [{ table: this.table.table, column: key }];
  }
}

function foreignKeyLinks(tables: readonly LiveTable[]): JoinKeyLink[] {
  return tables.flatMap((table) =>
    table.foreignKeys.flatMap((key) =>
      key.columns.flatMap((column, place): JoinKeyLink[] => {
        const referenced = key.referencedColumns[place];
        return referenced === undefined
          ? []
          : [
              {
                from: { table: key.table, column },
                to: { table: key.references, column: referenced },
                by: 'foreign key',
                foreignKey: key.name,
              },
            ];
      }),
    ),
  );
}

function joinLinks(queries: readonly AdvisedQuery[]): JoinKeyLink[] {
  return queries.flatMap(({ shape }) =>
    shape === undefined ? [] : joinsOf(shape).map(([from, to]): JoinKeyLink => ({ from, to, by: 'join' })),
  );
}

/** Equalities between columns of tables; those through a subquery are left to the forecast. */
export function joinsOf(shape: QueryShape): [ColumnName, ColumnName][] {
  const tables = new Map(shape.relations.map(({ alias, table }) => [alias, table]));
  return shape.equalities.flatMap(([a, b]): [ColumnName, ColumnName][] => {
    const [left, right] = [tables.get(a.alias), tables.get(b.alias)];
    if (left === undefined || right === undefined) return [];
    return [
      [
        { table: left, column: a.column },
        { table: right, column: b.column },
      ],
    ];
  });
}

/**
 * Where neither foreign key nor join says what a column points at, its name may: `customer_id` and the key of
 * `customers`, or one pointer's name in several tables. A key may point as well: a table of settings has one row to a customer.
 */
function nameLinks(tables: readonly Columns[], links: readonly JoinKeyLink[]): JoinKeyLink[] {
  const explained = new Set(links.map(({ from }) => columnKey(from)));
  const owners = new Owners(tables);
  const found: JoinKeyLink[] = [];
  const alike = new Map<string, { readonly name: ColumnName; readonly unique: boolean }[]>();
  for (const columns of tables) {
    for (const { name, type } of columns.table.columns) {
      const from = { table: columns.table.table, column: name };
      if (explained.has(columnKey(from))) continue;
      const owner = owners.of(columns, name, type);
      const key = owner?.key();
      if (owner === columns) continue;
      if (owner !== undefined && key !== undefined) {
        found.push({ from, to: { table: owner.table.table, column: key }, by: 'name' });
      } else if (POINTER.test(name)) {
        const like = `${name} ${typeFamily(type)}`;
        const list = alike.get(like) ?? [];
        list.push({ name: from, unique: columns.isUnique(name) });
        alike.set(like, list);
      }
    }
  }
  // Unique in each of them, it names their own rows: an identifier for others to see.
  const shared = [...alike.values()].filter((list) => list.some(({ unique }) => !unique));
  return [...found, ...shared.flatMap((list) => linkedByName(list.map(({ name }) => name)))];
}

/** What tables have a key of one column, by what others may call it. */
class Owners {
  private readonly byName = new Map<string, Columns[]>();

  constructor(tables: readonly Columns[]) {
    for (const columns of tables) {
      const key = columns.key();
      if (key === undefined) continue;
      if (POINTER.test(key)) this.note(`column ${key.toLowerCase()}`, columns);
      for (const stem of singulars(columns.table.table.name)) this.note(`table ${stem}`, columns);
    }
  }

  /** The table that a column points at by its name; undefined where none does, or more than one. It may be the column's own. */
  of(columns: Columns, name: string, type: string): Columns | undefined {
    const stem = (POINTER.exec(name) ?? GLUED.exec(name))?.groups?.['stem'];
    if (stem === undefined) return undefined;
    const fits = (owner: Columns): boolean =>
      typeFamily(owner.get(owner.key() ?? '')?.type ?? '') === typeFamily(type);
    const named = (this.byName.get(`table ${plain(stem)}`) ?? []).filter(fits);
    const near = named.filter(({ table }) => table.table.schema === columns.table.table.schema);
    const [owner, ...others] = near.length > 0 ? near : named;
    if (owner !== undefined && others.length === 0) return owner;
    // A key is nobody else's because its name is the same.
    if (columns.key() === name) return undefined;
    const [only, ...more] = (this.byName.get(`column ${name.toLowerCase()}`) ?? []).filter(fits);
    return more.length === 0 ? only : undefined;
  }

  private note(name: string, columns: Columns): void {
    const list = this.byName.get(name);
    if (list === undefined) this.byName.set(name, [columns]);
    else list.push(columns);
  }
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** What a table's rows may be called: companies, company. */
function singulars(table: string): string[] {
  const name = plain(table);
  return [...new Set([name, name.replace(/ies$/, 'y'), name.replace(/es$/, ''), name.replace(/s$/, '')])];
}

interface Use {
  readonly share: ReadonlyMap<string, { readonly filtered: number; readonly joined: number }>;
  readonly filtered: ReadonlyMap<string, ColumnName>;
  /** A query that sets the column. */
  readonly setBy: ReadonlyMap<string, string>;
}

function countUse(queries: readonly AdvisedQuery[]): Use {
  const share = new Map<string, { filtered: number; joined: number }>();
  const filtered = new Map<string, ColumnName>();
  const add = (name: ColumnName, kind: 'filtered' | 'joined', amount: number): void => {
    const key = columnKey(name);
    const entry = share.get(key) ?? { filtered: 0, joined: 0 };
    entry[kind] += amount;
    share.set(key, entry);
    if (kind === 'filtered') filtered.set(key, name);
  };
  const setBy = new Map<string, string>();
  for (const { shape, share: amount, name: query } of queries) {
    if (shape === undefined) continue;
    const { modifies, sets } = shape;
    if (modifies !== undefined)
      for (const each of sets) setBy.set(columnKey({ table: modifies, column: each }), query);
    const once = new Map<string, ColumnName>();
    for (const name of filtersOf(shape)) once.set(columnKey(name), name);
    for (const name of once.values()) add(name, 'filtered', amount);
    const joined = new Map<string, ColumnName>();
    for (const name of joinsOf(shape).flat()) joined.set(columnKey(name), name);
    for (const name of joined.values()) add(name, 'joined', amount);
  }
  return { share, filtered, setBy };
}

/** Columns that a query holds to a value. */
function filtersOf(shape: QueryShape): ColumnName[] {
  const tables = new Map(shape.relations.map(({ alias, table }) => [alias, table]));
  return shape.conditions.flatMap((condition) => {
    if (condition.kind !== 'equal') return [];
    const { left, right } = condition;
    const column = left.kind === 'column' ? left : right.kind === 'column' ? right : undefined;
    const value = left.kind === 'value' || right.kind === 'value';
    const table = column === undefined ? undefined : tables.get(column.alias);
    return value && column !== undefined && table !== undefined ? [{ table, column: column.column }] : [];
  });
}

function comparable(known: ReadonlyMap<string, Columns>, { from, to }: JoinKeyLink): boolean {
  const left = known.get(tableKey(from.table))?.get(from.column);
  const right = known.get(tableKey(to.table))?.get(to.column);
  return left !== undefined && right !== undefined && typeFamily(left.type) === typeFamily(right.type);
}

function columnKey({ table, column }: ColumnName): string {
  return JSON.stringify([table.schema, table.name, column]);
}

function commonest(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b))[0]?.[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
