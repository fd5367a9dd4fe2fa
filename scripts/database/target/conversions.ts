import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { LiveForeignKey, LiveTable } from '../model/live';

/** A table that a step makes anew, and which of its comments are forgotten with the old one. */
export interface Conversion {
  readonly table: TableName;
  readonly forgets: 'everything' | 'foreign keys';
}

/** Tables that foreign keys connect. */
interface ForeignKeyComponent {
  /** The tables of it that Citus does not know. */
  readonly plain: Map<string, TableName>;
  /** Whether Citus knows a table of it. */
  known: boolean;
}

/**
 * Follows, step by step, which tables Citus makes anew, those beside the one that a step names included. Such a table is a new
 * relation under the old name, and what was written on the old one stays with what becomes its shard.
 *
 * The rules are Citus 12.1's own. Of tables that foreign keys connect it knows all or none: a table that becomes a reference table,
 * and a foreign key that comes back, take plain tables along, and these become local. A plain table that is copied online goes by way of
 * local too; one that is local already is copied in place, and brought back first where writes wait. What becomes a reference table
 * stays the relation it is, like the tables of a schema; the foreign keys of a plain one are made anew, as those of a schema are.
 */
export class ConversionTracker {
  /** By the table that stands for the component, see {@link rootOf}. */
  private readonly components = new Map<string, ForeignKeyComponent>();
  private readonly roots = new Map<string, string>();
  private readonly locals: Set<string>;

  /** @param away foreign keys that are dropped before the first step */
  constructor(tables: readonly LiveTable[], away: ReadonlySet<LiveForeignKey>) {
    const isOf = (kind: 'plain' | 'local') => (table: LiveTable) => table.citus.kind === kind;
    this.locals = new Set(tables.filter(isOf('local')).map(({ table }) => tableKey(table)));
    for (const live of tables) {
      const key = tableKey(live.table);
      // A partition goes where its table goes.
      if (live.partOf !== undefined) this.roots.set(key, tableKey(live.partOf));
      const plain = isOf('plain')(live) && live.partOf === undefined;
      this.components.set(key, { plain: new Map(plain ? [[key, live.table]] : []), known: !plain });
    }
    for (const key of tables.flatMap(({ foreignKeys }) => foreignKeys)) if (!away.has(key)) this.join(key);
  }

  /** Whether Citus does not know the table by now. */
  isPlain(table: TableName): boolean {
    return this.componentOf(table).plain.has(tableKey(table));
  }

  /** By a step of its own, ahead of its online copy. */
  becomesLocal(table: TableName): Conversion[] {
    const component = this.componentOf(table);
    component.known = true;
    return this.convert(component).map(made);
  }

  becomesReference(table: TableName): Conversion[] {
    const plain = this.isPlain(table);
    this.takes(table);
    const neighbours = this.convert(this.componentOf(table)).map(made);
    return plain ? [{ table, forgets: 'foreign keys' }, ...neighbours] : neighbours;
  }

  becomesDistributed(table: TableName, online: boolean): Conversion[] {
    const plain = this.isPlain(table);
    const local = this.takes(table);
    return (online ? plain : local) ? [made(table)] : [];
  }

  becomeSchema(tables: readonly TableName[]): Conversion[] {
    for (const table of tables) this.takes(table);
    return tables.map((table) => ({ table, forgets: 'foreign keys' }));
  }

  comesBack(key: Pick<LiveForeignKey, 'table' | 'references'>): Conversion[] {
    const component = this.join(key);
    return component.known ? this.convert(component).map(made) : [];
  }

  /** @returns whether it has been local to Citus until now */
  private takes(table: TableName): boolean {
    const component = this.componentOf(table);
    component.plain.delete(tableKey(table));
    component.known = true;
    return this.locals.delete(tableKey(table));
  }

  private convert({ plain }: ForeignKeyComponent): TableName[] {
    const converted = [...plain.values()];
    for (const key of plain.keys()) this.locals.add(key);
    plain.clear();
    return converted;
  }

  private join({ table, references }: Pick<LiveForeignKey, 'table' | 'references'>): ForeignKeyComponent {
    const [component, other] = [this.componentOf(table), this.componentOf(references)];
    if (component === other) return component;
    const [from, to] = component.plain.size < other.plain.size ? [table, references] : [references, table];
    const [small, large] = component.plain.size < other.plain.size ? [component, other] : [other, component];
    this.roots.set(this.rootOf(from), this.rootOf(to));
    for (const [key, each] of small.plain) large.plain.set(key, each);
    large.known ||= small.known;
    return large;
  }

  private componentOf(table: TableName): ForeignKeyComponent {
    const root = this.rootOf(table);
    const known = this.components.get(root) ?? { plain: new Map<string, TableName>(), known: true };
    this.components.set(root, known);
    return known;
  }

  private rootOf(table: TableName): string {
    let root = tableKey(table);
    for (let next = this.roots.get(root); next !== undefined; next = this.roots.get(root)) root = next;
    return root;
  }
}

/** The tables that a step recreates under their old names. */
export function recreatedTables(conversions: readonly Conversion[]): TableName[] {
  return conversions.filter(({ forgets }) => forgets === 'everything').map(({ table }) => table);
}

function made(table: TableName): Conversion {
  return { table, forgets: 'everything' };
}
