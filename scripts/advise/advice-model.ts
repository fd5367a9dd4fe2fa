import { tableKey } from '../../config/workload/identifiers';
import type { KnownHashes } from './hashes';
import type { LiveColumn, LiveDatabase, LiveForeignKey, LiveTable } from '../database/model/live';
import type { AskedColumn, JoinKey, JoinKeyColumn } from './join-keys';
import { findJoinKeys, typeFamily } from './join-keys';
import {
  LARGE_SHARE,
  REFERENCE_ALWAYS_BYTES,
  REFERENCE_MOST_BYTES,
  REFERENCE_MOST_SHARE,
  SPEAKING_SHARE,
  SPEAKING_TABLES,
  UNIQUE_SHARE,
  WORST_TOP,
} from './limits';
import type { ColumnStatistics, TableStatistics } from './statistics';
import type { AdvisedQuery } from './workload';

/** All that advice is given from. */
export interface AdviceInput {
  readonly live: LiveDatabase;
  /** By {@link tableKey}. */
  readonly statistics: ReadonlyMap<string, TableStatistics>;
  readonly queries: readonly AdvisedQuery[];
  /** Shards of each group, as the distribution will say. */
  readonly shardCount: number;
  /** Of the constants in queries; where there are none, how many shards a list of values goes to is only bounded. */
  readonly hashes?: KnownHashes;
  /** The column that somebody wants to see advice for. */
  readonly asked?: AskedColumn;
}

/** A foreign key that leads to a table. */
export interface Child {
  readonly child: string;
  readonly through: LiveForeignKey;
  /** None of its columns may be NULL, so that each row has a parent. */
  readonly filled: boolean;
}

/** A database before anything is decided, looked up by table key. Pure. */
export class AdviceModel {
  private readonly domainFaults = new Map<JoinKey, string | undefined>();
  readonly input: AdviceInput;
  /** What can be decided on: ordinary and partitioned tables. */
  readonly tables: ReadonlyMap<string, LiveTable>;
  readonly domains: readonly JoinKey[];
  readonly bytes: number;
  /** By table: the domains it has a column of. */
  readonly domainsOf: ReadonlyMap<string, readonly JoinKey[]>;
  /** By referencing table. */
  readonly parents: ReadonlyMap<string, readonly LiveForeignKey[]>;
  /** By referenced table: those whose foreign keys lead to it, those that are never NULL before the others. */
  readonly children: ReadonlyMap<string, readonly Child[]>;
  /** By table: those that a query reads together with it. */
  readonly partners: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(input: AdviceInput) {
    this.input = input;
    const tables = input.live.tables.filter(({ kind }) => kind === 'table' || kind === 'partitioned');
    this.tables = new Map(tables.map((table) => [tableKey(table.table), table]));
    this.domains = findJoinKeys(tables, input.queries, input.asked);
    this.bytes = tables.reduce((sum, table) => sum + this.statistics(tableKey(table.table)).bytes, 0);
    const domainsOf = new Map<string, JoinKey[]>();
    for (const domain of this.domains) {
      for (const key of domain.members.keys()) {
        const list = domainsOf.get(key);
        if (list === undefined) domainsOf.set(key, [domain]);
        else list.push(domain);
      }
    }
    this.domainsOf = domainsOf;
    this.parents = new Map(tables.map((table) => [tableKey(table.table), table.foreignKeys]));
    this.children = childrenOf(tables);
    this.partners = partnersOf(input.queries);
  }

  statistics(key: string): TableStatistics {
    return this.input.statistics.get(key) ?? { bytes: 0, writes: 0, columns: new Map() };
  }

  column(key: string, column: string): ColumnStatistics | undefined {
    return this.statistics(key).columns.get(column);
  }

  share(key: string): number {
    return this.bytes === 0 ? 0 : this.statistics(key).bytes / this.bytes;
  }

  /** Too much of the database to be left on one node without a thought. */
  isLarge(key: string): boolean {
    return this.share(key) >= LARGE_SHARE && this.statistics(key).bytes > REFERENCE_ALWAYS_BYTES
      ? true
      : this.statistics(key).bytes > REFERENCE_MOST_BYTES;
  }

  /** A copy on every node is affordable. */
  canBeReference(key: string): boolean {
    const { bytes } = this.statistics(key);
    if (bytes <= REFERENCE_ALWAYS_BYTES) return true;
    return bytes <= REFERENCE_MOST_BYTES && this.share(key) <= REFERENCE_MOST_SHARE;
  }

  /** The table's column of a domain that it can be distributed by; undefined where none will do. */
  member(domain: JoinKey, key: string): JoinKeyColumn | undefined {
    return domain.members.get(key)?.find((column) => this.memberFault(key, column) === undefined);
  }

  /** Tables that have a domain's column beside the one whose key it is. */
  holders(domain: JoinKey): string[] {
    return [...domain.members.keys()].filter(
      (key) => key !== domain.owner && this.member(domain, key) !== undefined,
    );
  }

  /** Why a table cannot be distributed by its column of a domain, as the rest of a sentence; undefined where it can. */
  memberFault(key: string, { column, setBy }: JoinKeyColumn): string | undefined {
    if (setBy !== undefined) return `query ${setBy} sets it, and a row cannot change its shard`;
    return this.columnFault(key, column);
  }

  /** What would make {@link memberFault} go away. */
  memberRemedy(key: string, { column, setBy }: JoinKeyColumn): string {
    if (setBy !== undefined) return `query ${setBy} not setting it: delete and insert the row instead`;
    const nulls = this.column(key, column.name)?.nulls ?? 0;
    return nulls > 0
      ? 'a value in every row, and NOT NULL'
      : 'another type, or a column beside it that holds the same in one that Citus hashes';
  }

  /** Why a column cannot be a distribution column, as the rest of a sentence; undefined where it can. */
  columnFault(key: string, column: LiveColumn): string | undefined {
    if (column.generated) return 'it is generated, which Citus refuses';
    if (!column.hashable) return `its type ${column.type} has no hash function`;
    if (column.looseCollation) return 'its collation is not deterministic: equal values would hash apart';
    if (column.negativeScale) return 'it is a numeric of negative scale, which Citus refuses';
    if (isTime(column.type))
      return 'a time spreads nobody’s rows together, and no query asks for one instant';
    if (['boolean', 'real', 'double precision', 'json', 'jsonb'].includes(column.type)) {
      return `its type ${column.type} makes no key`;
    }
    const known = this.column(key, column.name);
    if (known !== undefined && known.nulls > 0) {
      return `${percent(known.nulls)} of its rows hold NULL, and a row without it belongs to no shard`;
    }
    return undefined;
  }

  /** Distinct values in the largest table of a domain that statistics know: what its shards are cut from. */
  distinct(domain: JoinKey): number | undefined {
    let largest: { readonly bytes: number; readonly distinct: number } | undefined;
    for (const key of domain.members.keys()) {
      const member = this.member(domain, key);
      const known = member === undefined ? undefined : this.column(key, member.column.name);
      const { bytes } = this.statistics(key);
      if (known !== undefined && (largest === undefined || bytes > largest.bytes)) {
        largest = { bytes, distinct: known.distinct };
      }
    }
    // There are no more than the table has rows whose key it is.
    const most = domain.owner === undefined ? undefined : this.statistics(domain.owner).rows;
    return largest === undefined || most === undefined || most === 0
      ? largest?.distinct
      : Math.min(largest.distinct, most);
  }

  /** The largest share one value has of a member's rows, and where. */
  worstTop(domain: JoinKey): { readonly top: number; readonly member: JoinKeyColumn } | undefined {
    const found = [...domain.members.keys()].flatMap((key) => {
      const member = this.member(domain, key);
      const top = member === undefined ? undefined : this.column(key, member.column.name)?.top;
      // In a table of little weight a value of much weight hurts nobody.
      return member === undefined || top === undefined || this.share(key) < 0.01 ? [] : [{ top, member }];
    });
    return found.sort((a, b) => b.top - a.top)[0];
  }

  /** Why tables cannot be distributed by a domain, as the rest of a sentence; undefined where they can. */
  domainFault(domain: JoinKey): string | undefined {
    // Every candidate asks for the fault of those above it.
    if (!this.domainFaults.has(domain)) {
      const fault =
        this.namesRows(domain) ?? (this.speaksFor(domain) ? undefined : this.domainWarning(domain));
      this.domainFaults.set(domain, fault);
    }
    return this.domainFaults.get(domain);
  }

  /** What is against a domain, as the rest of a sentence, though what speaks for it may be more; undefined for nothing. */
  domainWarning(domain: JoinKey): string | undefined {
    const distinct = this.distinct(domain);
    const { shardCount } = this.input;
    if (distinct !== undefined && distinct < shardCount) {
      return `it has ${number(distinct)} distinct values for ${String(shardCount)} shards, so some would stay empty`;
    }
    const worst = this.worstTop(domain);
    if (worst !== undefined && worst.top > WORST_TOP) {
      return `one value holds ${percent(worst.top)} of the rows of ${worst.member.table.name}, so one shard would hold most of it`;
    }
    return undefined;
  }

  /** What would take away {@link domainFault}, or the warning. */
  domainRemedy(domain: JoinKey): string {
    if (this.namesRows(domain) !== undefined)
      return 'foreign keys or joins by it: nothing says that rows of several tables share it';
    const distinct = this.distinct(domain);
    if (distinct !== undefined && distinct < this.input.shardCount) {
      const fitting = 2 ** Math.floor(Math.log2(Math.max(1, distinct)));
      return `${fitting > 1 ? `--shards ${String(fitting)}, or ` : ''}more values (a copy has fewer than production: --assume FILE)`;
    }
    return 'rows of that value spread over more values, or moved to a node of their own afterwards (isolate_tenant_to_new_shard)';
  }

  /** Unique by itself in every table, and nothing leads from one to another: an identifier of rows for others to see. */
  private namesRows(domain: JoinKey): string | undefined {
    if (domain.links.some(({ by }) => by !== 'name')) return undefined;
    const members = [...domain.members.keys()];
    if (members.length < 2) return undefined;
    const unique = members.every((key) => {
      const member = domain.members.get(key)?.[0];
      const rows = this.statistics(key).rows ?? 0;
      const distinct = member === undefined ? 0 : (this.column(key, member.column.name)?.distinct ?? 0);
      return member?.unique === true || (rows > 0 && distinct >= rows * UNIQUE_SHARE);
    });
    return unique
      ? 'each table has values of its own in it, one to a row: nothing is kept together by it'
      : undefined;
  }

  /** Tables, keys or queries say that rows belong together by it, however few values a copy has. */
  private speaksFor(domain: JoinKey): boolean {
    if (LOOKUP.test(domain.name)) return false;
    const holders = this.holders(domain);
    const members = holders.flatMap((key) => this.member(domain, key) ?? []);
    const filtered = members.reduce((sum, each) => sum + each.filtered, 0);
    return (
      (members.length > 1 && members.some(({ placeInKey }) => placeInKey !== undefined)) ||
      filtered >= SPEAKING_SHARE ||
      (holders.length >= SPEAKING_TABLES && (holders.length + 1) * 2 > this.tables.size)
    );
  }

  mismatch(domain: JoinKey): boolean {
    const types = [...domain.members.values()].flat().map(({ column }) => column.type);
    return new Set(types).size > 1 && new Set(types.map(typeFamily)).size === 1;
  }
}

/** What a row is like, and not whose it is. */
const LOOKUP =
  /(^|_)(status|state|type|kind|category|currency|country|language|locale|role|priority|level|unit|plan)(_|$|I[dD]|Code|Key)/i;

function isTime(type: string): boolean {
  return /^(date|time|timestamp|interval)/.test(type);
}

function childrenOf(tables: readonly LiveTable[]): Map<string, Child[]> {
  const children = new Map<string, Child[]>();
  for (const { table, columns, foreignKeys } of tables) {
    const required = new Set(columns.filter(({ notNull }) => notNull).map(({ name }) => name));
    for (const through of foreignKeys) {
      const filled = through.columns.every((column) => required.has(column));
      const entry = { child: tableKey(table), through, filled };
      const list = children.get(tableKey(through.references));
      if (list === undefined) children.set(tableKey(through.references), [entry]);
      else list.push(entry);
    }
  }
  for (const list of children.values()) list.sort((a, b) => Number(b.filled) - Number(a.filled));
  return children;
}

/** Whatever a query reads together has to be where its rows are, by whichever operator it joins, or in which subquery. */
function partnersOf(queries: readonly AdvisedQuery[]): Map<string, Set<string>> {
  const partners = new Map<string, Set<string>>();
  for (const { shape } of queries) {
    const together = new Set((shape?.relations ?? []).map(({ table }) => tableKey(table)));
    for (const key of together) {
      const set = partners.get(key) ?? new Set();
      partners.set(key, set);
      for (const other of together) if (other !== key) set.add(other);
    }
  }
  return partners;
}

/** 0.034 as `3.4 %`. */
export function percent(share: number): string {
  const hundred = share * 100;
  return `${hundred >= 10 || hundred === 0 ? String(Math.round(hundred)) : hundred.toPrecision(2).replace(/\.0$/, '')} %`;
}

export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
