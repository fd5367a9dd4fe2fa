/** One of two databases as it was found: plain values, which {@link compareSides} holds against each other. */
import type { TableName } from '../../config/workload/distribution-types';
import type { Answer } from '../database/observe/answers';
import type { Definitions } from '../database/observe/objects';
import type { OddShard } from '../database/observe/shard-definitions';
import type { SequencePosition } from '../database/observe/sequences';
import type { CitusTable } from '../database/model/live';

export interface Side {
  /** `citus@host:5432/citus` */
  readonly database: string;
  /** `16.10` */
  readonly postgres: string;
  /** `12.1-1`; absent where the extension is not there. */
  readonly citus?: string;
  /** It replays the log of another server: its sequences stand where the log has them, up to 32 values ahead. */
  readonly standby: boolean;
  /** The role that reads. */
  readonly login: string;
  /** Names of every role of the cluster. */
  readonly roles: readonly string[];
  readonly tables: readonly SideTable[];
  /** Shards with other definitions than the others of their table. */
  readonly oddShards: readonly OddShard[];
  /** Views, plain and materialized. */
  readonly views: readonly SideView[];
  /** Of tables, by their names as messages show them. */
  readonly objects: Definitions;
  /** Beside tables and views. */
  readonly others: Definitions;
  readonly sequences: readonly SequencePosition[];
  readonly answers: readonly Answer[];
  readonly queryPlans: readonly QueryPlan[];
}

export interface SideTable {
  readonly table: TableName;
  readonly citus: CitusTable;
  /** In the table's order. */
  readonly columns: readonly string[];
  readonly rows: RelationRows;
}

export interface SideView {
  readonly view: TableName;
  /** By what each is about: definition, owner, grants, ... */
  readonly objects: Readonly<Record<string, string | null>>;
  /** What a materialized view holds; absent for a plain one, which reads its tables, and for one WITH NO DATA. */
  readonly rows?: RelationRows;
}

/** What a relation holds, or why nobody can tell. */
export type RelationRows =
  | {
      readonly rows: number;
      readonly checksum: string;
      /** Its shards in the order of their ranges; empty where it has none. */
      readonly shards: readonly SideShard[];
      /** Columns that are not in the checksum: what a query computed of floating numbers. */
      readonly leftOut?: readonly string[];
    }
  | { readonly unreadable: string };

export interface SideShard {
  readonly shardId: number;
  /** The ends of its range; null where it has none. */
  readonly min: string | null;
  readonly max: string | null;
  /** `name:port` of the node that {@link SideShard.rows} are from. */
  readonly node: string;
  readonly rows: number;
  readonly checksum: string;
  /** Rows whose hash is none of its range. */
  readonly misplaced: number;
  /** Nodes whose copy of it holds other rows. */
  readonly otherCopies: readonly string[];
}

/** What becomes of a query as it is planned: of the workload, or of a view. */
export interface QueryPlan {
  /** `query outliers`, `view totals` */
  readonly of: string;
  /** Absent where its plan has no distributed part. */
  readonly tasks?: number;
  /** The server's words where it cannot be planned. */
  readonly refused?: string;
}
