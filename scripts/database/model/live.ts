import type { Node } from '../../citus/nodes';
import type { RoleHindrance } from '../../citus/node-sessions';
import type { ReplicationServer } from '../../citus/replication-servers';
import type { SettingDifference } from '../../citus/settings';
import type { ViewQuery } from './view-query';
import type { TableName } from '../../../config/workload/distribution-types';
import type { ForcedPolicies } from './forced-policies';

/**
 * What `inspect` read of a database: plain values, sorted, without anything that differs between two looks at the same
 * database. The tables are those of the specification and of the schemas it names, those of recorded foreign keys, and all that
 * foreign keys connect with any of them.
 */
export interface LiveDatabase {
  readonly database: string;
  /** The role of this session, or the one that a reader looks for. */
  readonly role: string;
  /** Absent where the session looks for itself. */
  readonly reader?: LiveReader;
  /** `current_setting('wal_level')`: the online copy is logical replication and needs `logical`. */
  readonly walLevel: string;
  /** Whose commits are acknowledged before they are written (synchronous_commit is off): `the coordinator`, `role app`. */
  readonly asynchronousCommits?: readonly string[];
  /** What stands in the way of Citus where it works in the name of an owner of the tables; absent where nobody asked. */
  readonly roleHindrances?: readonly RoleHindrance[];
  /** Names of event triggers that fire for what a run does, without those of extensions; absent where nobody asked. */
  readonly eventTriggers?: readonly string[];
  /** Settings that change answers and differ between nodes; absent where nobody asked. */
  readonly settingDifferences?: readonly SettingDifference[];
  /** What each node has for logical replication; absent where nobody asked. */
  readonly replicationServers?: readonly ReplicationServer[];
  /** Logical replication slots of the database, without those of Citus; absent where nobody asked. */
  readonly logicalSlots?: readonly LiveSlot[];
  /** Absent where the database is plain PostgreSQL. */
  readonly citusVersion?: string;
  /** `citus.shard_replication_factor`: how many nodes a new shard is put on. Absent where the database is plain PostgreSQL. */
  readonly shardReplicationFactor?: number;
  readonly nodes: readonly LiveNode[];
  /** Reference tables that nodes lack and logical replication cannot copy, as `regclass` writes them; absent where there are none. */
  readonly uncopiedReferenceTables?: readonly string[];
  readonly tables: readonly LiveTable[];
  /** All that rest on the tables or on partitions of them, at any remove; what a view reads comes before it. */
  readonly views: readonly LiveView[];
  /** What those read, and how; absent where nobody asked, or there is none. */
  readonly viewQueries?: ViewQueries;
  /** The schemas that the specification names and that are there. */
  readonly schemas: readonly LiveSchema[];
  /** Every other schema, for suggestions. */
  readonly otherSchemas: readonly string[];
  /** Every other table of the database, for suggestions. */
  readonly otherTables: readonly TableName[];
  /** Ordinary and partitioned tables, no partitions, that the specification does not name, itself or with their schema. */
  readonly unnamedTables: readonly TableName[];
  /** Sequences that give columns of different types their defaults. */
  readonly defaultSequences: readonly DefaultSequence[];
  /** Foreign keys this project dropped and has not restored yet. */
  readonly droppedForeignKeys: readonly DroppedForeignKey[];
  /** Comments this project wrote down before Citus forgets them. */
  readonly recordedComments: readonly RecordedComment[];
  /** What the project's own schema holds; the last two are removed once they are of no more use. */
  readonly ownSchema: {
    readonly exists: boolean;
    readonly recordTable: boolean;
    /** The table of {@link LiveDatabase.recordedComments}. */
    readonly commentTable: boolean;
    /** Other objects in it, which keep the schema alive. */
    readonly others: number;
  };
}

/** A session that looks for another role than its own. */
export interface LiveReader {
  readonly role: string;
  /** Names of the nodes that did not let it in. */
  readonly silentNodes: readonly string[];
}

/** A logical replication slot. */
export interface LiveSlot {
  readonly name: string;
  /** `pgoutput` decodes publications; any other what it likes. */
  readonly plugin: string;
  /** A consumer is connected. */
  readonly active: boolean;
}

/** A publication of a table, of a partition of it, of its schema or of all tables. */
export interface LivePublication {
  readonly name: string;
  readonly owner: string;
  /** Whether this session's role has the owner's privileges. */
  readonly ours: boolean;
  /** Names the table or a partition of it; false where it publishes whole schemas or all tables, and shards among them. */
  readonly named: boolean;
  /** TRUNCATE is published. */
  readonly truncates: boolean;
}

/** A view over tables of the database, materialized or not. */
export interface LiveView {
  readonly view: TableName;
  readonly kind: 'plain' | 'materialized';
  /** False for a materialized view WITH NO DATA; true for plain ones. */
  readonly populated: boolean;
  /** Whether a refresh, by its owner and under its policies, would change what a populated materialized view holds; absent where nobody asked. */
  readonly stale?: boolean | 'unknown';
  readonly owner: string;
  /** Whether this session's role may give it to its owner: it is that role, or a member of it. */
  readonly ours: boolean;
  /** Of a materialized view, its indexes included; 0 of a plain one. */
  readonly bytes: number;
  /** Of {@link LiveDatabase.tables}, those that it reads, itself or through other views or a partition of them. */
  readonly tables: readonly TableName[];
  /** Of {@link LiveDatabase.views}, those that it reads itself. */
  readonly views: readonly TableName[];
  /** Tables that it reads, none of {@link LiveDatabase.tables}, whose policies bind their owner too and who is this session's role. */
  readonly forcedElsewhere: readonly TableName[];
  /** It belongs to another role than this session's, which policies of a table that it reads bind. */
  readonly ownerBound: boolean;
  /** Tables that it reads itself and whose policies permit no row to a role that it reads them as. */
  readonly emptyByPolicy: readonly TableName[];
  /** Functions that it calls itself and that read tables; absent where nobody asked. */
  readonly calls?: readonly ReadingCall[];
  /** Its query, every name qualified, without a semicolon at its end. */
  readonly definition: string;
  /**
   * Statements that bring back what Citus leaves out when it makes the view anew, in their order: indexes, defaults, triggers, rules,
   * grants, comments.
   */
  readonly extras: readonly string[];
}

/** A call of a function that reads tables, which Citus does on no shard. */
export interface ReadingCall {
  /** As PostgreSQL describes it: `function f(integer)`. */
  readonly function: string;
  readonly reads: readonly TableName[];
}

/** A schema as a whole, with what Citus takes in none that it distributes. Its tables are among those of the database. */
export interface LiveSchema {
  readonly schema: string;
  readonly owner: string;
  /** Whether this session's role has the owner's privileges. */
  readonly ours: boolean;
  /** The colocation group of a distributed schema; absent where it is not distributed. */
  readonly colocationId?: number;
  /** Extensions that made the schema, were installed into it, or own a table of it. */
  readonly extensions: readonly string[];
  /** Tables and partitions that belong to roles whose rights this session's has not. */
  readonly othersTables: readonly { readonly table: TableName; readonly owner: string }[];
  /** Partitions in another schema than their parent, with either of the two in this one. */
  readonly strayPartitions: readonly { readonly partition: TableName; readonly parent: TableName }[];
}

/** A sequence that defaults of columns draw from, where one of them has another type than it. Whole numbers are decimal text. */
export interface DefaultSequence {
  readonly sequence: TableName;
  readonly type: string;
  readonly min: string;
  readonly max: string;
  /** The value that it gave last; null where it gave none, or this session may not see it. */
  readonly last: string | null;
  readonly uses: readonly {
    readonly table: TableName;
    readonly column: string;
    readonly type: string;
    /** Citus knows the table already. */
    readonly known: boolean;
  }[];
}

/** A node as far as plans depend on it. */
export type LiveNode = Omit<Node, 'nodeId' | 'label'>;

/** What the catalogs call the relation; only ordinary tables can be distributed by this project. */
export type RelationKind = 'table' | 'partitioned' | 'partition' | 'view' | 'foreign';

export interface LiveTable {
  readonly table: TableName;
  readonly oid: number;
  readonly kind: RelationKind;
  /** Of a partition, the table that it is one of, at the top. */
  readonly partOf?: TableName;
  /** Parent or child of another by INHERITS; partitions do not count. */
  readonly inherits: boolean;
  readonly unlogged: boolean;
  /** Kept by the access method `columnar`, which takes neither UPDATE nor DELETE, and no INSERT while a publication has the table. */
  readonly columnar: boolean;
  readonly owner: string;
  /** Roles that own a partition of it and not the table. */
  readonly partitionOwners: readonly string[];
  /** Whether this session's role has the owner's privileges. */
  readonly ours: boolean;
  /** Privileges that steps need and the owner has revoked from itself. */
  readonly ownerLacks?: readonly string[];
  /** What default privileges give to others on a table made now, and this one does not grant: `SELECT to app`. */
  readonly defaultGrants?: readonly string[];
  /** The planner's estimate; absent where nobody has counted yet. */
  readonly rowEstimate?: number;
  /** Bytes on the coordinator: table, indexes, TOAST. Shards on other nodes are not counted. */
  readonly bytes: number;
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  /** Names of triggers users created; Citus refuses tables that have any. */
  readonly triggers: readonly string[];
  /** Columns with grants of their own that this version of Citus leaves behind, in the table's order. */
  readonly leftColumnGrants: readonly string[];
  /** Names of indexes that are not valid, of partitions too. */
  readonly invalidIndexes: readonly string[];
  /** Constraints of its columns' domains that are NOT VALID: `positive of domain amount`. */
  readonly uncheckedDomains: readonly string[];
  /** Who reaches it through a view without the rights to do so by themselves. */
  readonly viewRoles: readonly ViewRole[];
  /** Roles with rights here that ask in their own name and may not log in; empty where nobody asked. */
  readonly setRoles: readonly string[];
  /** Columns whose values mean something else, or nothing, on another server; empty where nobody asked. */
  readonly serverBound: readonly ServerBoundColumn[];
  readonly columns: readonly LiveColumn[];
  readonly keys: readonly LiveKey[];
  /** This project's own NOT NULL checks, found by name. */
  readonly ownChecks: readonly { readonly name: string; readonly validated: boolean }[];
  /** Outgoing, by name. */
  readonly foreignKeys: readonly LiveForeignKey[];
  /** On the table and all that belongs to it, without its partitions. */
  readonly comments: readonly LiveComment[];
  /** Partitions with comments, and those on each and on all that belongs to it. */
  readonly partitionComments: readonly {
    readonly table: TableName;
    readonly comments: readonly LiveComment[];
  }[];
  /** Row-level security policies, on it and on its partitions. */
  readonly policies: readonly LivePolicy[];
  /** Of the table and its partitions, those whose policies bind the owner too, FORCE off for a copy included. */
  readonly forced: readonly { readonly table: TableName; readonly state: Exclude<ForcedPolicies, 'off'> }[];
  readonly citus: CitusTable;
  /** Columns of the partition key, an expression as null; empty where the table is not partitioned. */
  readonly partitionedBy: readonly (string | null)[];
  /** It is partitioned, and has no partition. */
  readonly noPartitions: boolean;
  /** Partitions into which changes cannot be replayed, though they could be into the table. */
  readonly partitionsApart: readonly {
    readonly table: TableName;
    /** The last of these: a partition takes no replica identity from the table, but its primary key. */
    readonly why: 'unlogged' | 'columnar' | 'unidentified' | 'without a key';
  }[];
  /** A partition is partitioned itself, which Citus takes from nobody. */
  readonly nested: boolean;
  /** One of the CHECK constraints that its partitions inherit from it; absent where there is none. */
  readonly inheritedCheck?: string;
  /** Columns GENERATED AS IDENTITY, with which Citus cannot copy it into a table of another kind. */
  readonly identities: readonly LiveIdentity[];
  /** What is lost where Citus recreates the table, whatever kind of object it is. */
  readonly dependents: readonly LiveDependent[];
  /** What Citus would have to know or create before it takes the table, and may not be able to. */
  readonly needs: readonly TableNeed[];
  /** CREATE RULE, on it and on its partitions: Citus forgets them when it makes the table anew. */
  readonly rules: readonly { readonly table: TableName; readonly rule: string }[];
  /** NOT NULL constraints of it and of its partitions, without what these inherit; absent before PostgreSQL 18. */
  readonly notNulls?: readonly LiveNotNull[];
  /** CHECK and NOT NULL constraints NOT VALID, on it and on its partitions: Citus makes them anew as if every row held to them. */
  readonly uncheckedChecks: readonly UncheckedCheck[];
  /** The table and partitions of it that CLUSTER orders by an index. */
  readonly clustered: readonly { readonly table: TableName; readonly index: string }[];
  /** Statements that bring back what else Citus leaves out when it makes the table anew: comments on triggers, options of columns and of TOAST. */
  /** On it and on its partitions; empty where nobody asked. */
  readonly publications: readonly LivePublication[];
  /** Names of the subscriptions that bring rows into it or into a partition; empty where nobody asked. */
  readonly subscriptions: readonly string[];
  /** Statements that bring back what else Citus leaves out when it makes the table anew: comments on triggers, options of columns. */
  readonly extras: readonly string[];
  /** What no step is computed from and a review relies on all the same; empty where nobody asked. */
  readonly facts: readonly LiveFact[];
  /** The relation itself takes room on the coordinator; shards are relations of their own and do not count. */
  readonly hasHeap: boolean;
}

/** An object outside of a table that PostgreSQL drops with the table, or leaves with the old one where Citus recreates it. */
export interface LiveDependent {
  /** As PostgreSQL describes it, every name qualified: `function public.f(public.t)`, `column c of table public.u`. */
  readonly object: string;
  readonly kind: 'function' | 'column' | 'default' | 'other';
  /** What it depends on: the table, its row type, a partition, the sequence of an identity column, a view over the table. */
  readonly on: string;
  /** Of a function, what uses it in turn. */
  readonly usedBy: readonly string[];
}

/** A function, type or operator that Citus has to create on its nodes before a table. */
export interface TableNeed {
  /** What needs it: the table, or a part or a view of it, as PostgreSQL describes it: `view v`, `index i`. */
  readonly of: string;
  /** As PostgreSQL describes it: `function f(t)`, `type r`. */
  readonly by: string;
  /** The table that it rests on; null where it is, or rests on, what Citus creates nowhere. */
  readonly table: TableName | null;
}

/** A column GENERATED AS IDENTITY. */
export interface LiveIdentity {
  readonly column: string;
  /** Its name does not stay the same without quotes, as Citus writes it. */
  readonly needsQuotes: boolean;
  /** `smallint`, `integer` or `bigint`. */
  readonly type: string;
  readonly sequence: TableName;
  /** Values that a session takes at once, in decimal. */
  readonly cache: string;
  /** Statements that bring its grants and its comment back. */
  readonly extras: readonly string[];
}

/** A CHECK or NOT NULL constraint of which old rows may not hold to it. */
export interface UncheckedCheck {
  /** The table, or the partition of it, that it is on. */
  readonly table: TableName;
  readonly name: string;
  /** The column of a NOT NULL, whose name shards need not have. */
  readonly column?: string;
  /** `pg_get_constraintdef`, which ends in NOT VALID. */
  readonly definition: string;
  /** COMMENT ON CONSTRAINT. */
  readonly comment?: string;
}

/** A NOT NULL constraint that every row holds to, with the name that it has from PostgreSQL 18 on. */
export interface LiveNotNull {
  /** The table, or the partition of it, that it is on. */
  readonly table: TableName;
  readonly column: string;
  readonly name: string;
  readonly noInherit: boolean;
  /** Partitions have it from the table. */
  readonly inherited: boolean;
  readonly commented: boolean;
}

/** A row-level security policy. */
export interface LivePolicy {
  /** The table, or the partition of it, that it is on. */
  readonly table: TableName;
  readonly name: string;
  readonly permissive: boolean;
  readonly command: 'ALL' | 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
  /** Sorted; `public` for everybody. */
  readonly roles: readonly string[];
  readonly subquery: boolean;
  /** Calls `current_setting()`. */
  readonly readsSetting: boolean;
  /** Functions that it calls and that read tables. */
  readonly calls: readonly ReadingCall[];
  /** Absent where it has none. */
  readonly using?: string;
  readonly withCheck?: string;
}

/** Anything else about a table, as PostgreSQL defines it: `column note`, `policy own_rows`, `view totals`. */
export interface LiveFact {
  readonly subject: string;
  readonly definition: string;
}

/**
 * A role with rights on a view that it has not on what the view reads, however many views lie between. Those that it has by a
 * membership, from PUBLIC, or as an owner or superuser count as its own.
 */
export interface ViewRole {
  readonly view: TableName;
  /** As granted; `PUBLIC` where some role that can log in has no more than that. */
  readonly role: string;
  /** Of all that the view reads, this table or others beside it, what the role has no SELECT on. */
  readonly lacksSelect: readonly TableName[];
  /** Of the schemas of all that, those it has no USAGE on, which reading through a view does not take. */
  readonly lacksUsage: readonly string[];
  /** What it may do through the view, and to no table that the view reads. */
  readonly writes: readonly ('DELETE' | 'INSERT' | 'UPDATE')[];
  /** Of all that the view reads, the tables of which other policies, or none, bind the role than the view's owner. */
  readonly boundOn: readonly TableName[];
}

/** Whether UPDATE and DELETE can be replayed. @param rewritten the table gets a new primary key before */
export function identifiesRows(
  { replicaIdentity, keys }: Pick<LiveTable, 'replicaIdentity' | 'keys'>,
  rewritten: boolean,
): boolean {
  switch (replicaIdentity) {
    case 'full':
      return true;
    case 'nothing':
      return false;
    // Once its index is dropped, such a table is left without any identity: the primary key does not step in.
    case 'index':
      return keys.some((key) => key.identifiesRows);
    case 'default':
      return rewritten || keys.some(({ kind, deferrable }) => kind === 'primary' && !deferrable);
  }
}

/** One comment, and what it is on; `name` is unqualified and empty for the table itself. */
export interface LiveComment {
  readonly on: 'table' | 'column' | 'constraint' | 'index' | 'statistics' | 'policy';
  readonly schema: string;
  readonly name: string;
  readonly text: string;
}

/** A comment as it was before a table was touched. */
export interface RecordedComment {
  readonly table: TableName;
  readonly comment: LiveComment;
  /** The partitioned table that the table is a partition of; absent where it is none. */
  readonly partOf?: TableName;
  /** What it was on is there, and has no comment now. */
  readonly missing: boolean;
}

/** A column of object identifiers, such as `regclass`. */
export interface ServerBoundColumn {
  readonly column: string;
  readonly type: string;
  /**
   * What a value names by a number of its server's: objects of the catalog; large objects, of which the database holds some; labels of
   * an enum, which are copied by name and hashed by number.
   */
  readonly names: 'objects' | 'large objects' | 'labels';
}

export interface LiveColumn {
  readonly name: string;
  /** As `format_type` says it, without length or precision, which do not matter to hashing. */
  readonly type: string;
  readonly collation?: string;
  /** Values of other bytes can be equal, as where case does not count: a hash would part them. */
  readonly looseCollation: boolean;
  /** numeric(3, -2) and its like. */
  readonly negativeScale: boolean;
  readonly notNull: boolean;
  /** GENERATED ALWAYS AS ... STORED */
  readonly generated: boolean;
  /** The type has a hash function, which a distribution column needs. */
  readonly hashable: boolean;
  /** A sequence gives it its values: GENERATED AS IDENTITY, or by its default. */
  readonly drawsValues?: true;
  /** Whether a NULL was found; absent where nobody looked, or looking took too long. */
  readonly holdsNull?: boolean;
}

/** Anything that keeps rows apart: primary key, unique constraint or index, exclusion constraint. */
export interface LiveKey {
  readonly name: string;
  readonly kind: 'primary' | 'unique' | 'index' | 'exclusion';
  /** In order; null stands for an expression. */
  readonly columns: readonly (string | null)[];
  /** False for what a broken CREATE INDEX CONCURRENTLY leaves behind. */
  readonly valid: boolean;
  /** INCLUDE columns: in the index and not part of the key. */
  readonly include: readonly string[];
  /** Storage parameters of the index, `fillfactor=70`. */
  readonly options: readonly string[];
  /** Absent where it is the database's own. */
  readonly tablespace?: string;
  /** COMMENT ON INDEX. */
  readonly indexComment?: string;
  readonly deferrable: boolean;
  /** COMMENT ON CONSTRAINT. */
  readonly comment?: string;
  /** Logical replication tells rows apart by this one: REPLICA IDENTITY USING INDEX. */
  readonly identifiesRows: boolean;
  /** Views and other objects that rest on the constraint, as PostgreSQL describes them: it cannot go before they do. */
  readonly dependents: readonly string[];
}

/** c: cascade, n: set null, d: set default, a: no action, r: restrict, as in pg_constraint. */
export type ForeignKeyAction = 'a' | 'r' | 'c' | 'n' | 'd';

export interface LiveForeignKey {
  readonly name: string;
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly references: TableName;
  readonly referencedColumns: readonly string[];
  /** The key of the referenced table that it rests on. */
  readonly usesKey: string;
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  readonly validated: boolean;
  /** `pg_get_constraintdef`, with every name qualified. */
  readonly definition: string;
  /** COMMENT ON CONSTRAINT. */
  readonly comment?: string;
}

/** As recorded in the database when it was dropped. */
export type DroppedForeignKey = LiveForeignKey;

/** What Citus knows of a table. */
export type CitusTable =
  | { readonly kind: 'plain' }
  /** Known to Citus and on the coordinator alone, usually because a foreign key leads to a reference table. */
  | { readonly kind: 'local'; readonly autoConverted: boolean }
  | ({ readonly kind: 'reference' } & Placed)
  | ({
      readonly kind: 'distributed';
      /** Null: one shard without a distribution column. */
      readonly column: string | null;
      readonly colocationId: number;
      readonly shardCount: number;
      /** Its group has shards that were split, as for a tenant of its own; absent where it has none. */
      readonly splitShards?: true;
      /** Equal for two tables whose shards of equal range lie on the same nodes; null where a shard has no placement. */
      readonly layout: string | null;
    } & Placed)
  /** Belongs to a distributed schema: one shard, beside those of all its tables. */
  | ({ readonly kind: 'schema'; readonly colocationId: number } & Placed);

interface Placed {
  readonly placements: readonly LivePlacements[];
}

/** The shard placements of one table on one node. */
export interface LivePlacements {
  readonly groupId: number;
  readonly shards: number;
  readonly inactive: number;
}

/** Whether rows of the time before the table was distributed still lie on the coordinator, invisible. */
export function hasLocalCopy(table: LiveTable): boolean {
  return table.hasHeap && table.citus.kind !== 'plain' && table.citus.kind !== 'local';
}

/** What the views of a database read, and how. */
export interface ViewQueries {
  /** The major version of PostgreSQL. */
  readonly postgres: number;
  /** Of the views that were asked for, and of those that they read; absent where it is not understood. */
  readonly queries: readonly { readonly view: TableName; readonly query: ViewQuery | undefined }[];
  /** Tables that they read and {@link LiveDatabase.tables} has not, where Citus knows them. */
  readonly otherTables: readonly { readonly table: TableName; readonly citus: CitusTable }[];
}
