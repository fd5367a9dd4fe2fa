import type { Forecast } from '../database/forecast/forecast';
import type { Change } from './changes';
import type { Candidate } from './candidate';
import type { MigrationStep } from './migration/steps';
import type { QuerySource } from './workload';

/** Schemas with the same tables in each, as where every tenant has one: advised to be distributed as wholes. */
export interface SchemaAdvice {
  readonly schemas: readonly string[];
  /** Names of the tables that each of them has. */
  readonly tables: readonly string[];
  /** Tables of other schemas that theirs reference, so that every node needs them. */
  readonly references: readonly string[];
  readonly bytes: number;
  readonly reasons: readonly string[];
}

/** What `advise` answers with. */
export interface Advice {
  readonly formatVersion: 1;
  readonly database: string;
  readonly shardCount: number;
  readonly tables: readonly TableAdvice[];
  /** Schemas that are advised to be distributed as wholes; their tables are not among `tables`. */
  readonly schemas: readonly SchemaAdvice[];
  /** Tables whose shards lie side by side; the first starts the group. */
  readonly groups: readonly { readonly column: string; readonly tables: readonly string[] }[];
  readonly choices: readonly Choice[];
  readonly queries: readonly QueryAdvice[];
  /** What has to change first, or goes better then. */
  readonly changes: readonly Change[];
  /** What makes the schema fit, in the order of a migration's files. */
  readonly migration: readonly MigrationStep[];
  /** What was not to be had: statistics, a workload. */
  readonly caveats: readonly string[];
}

export interface TableAdvice {
  readonly table: string;
  readonly schema: string;
  readonly name: string;
  readonly decision: 'distribute' | 'reference' | 'local' | 'undecided';
  /** The distribution column, of `distribute`. */
  readonly distributeBy?: string;
  readonly colocateWith?: string;
  /** The primary key it needs, where that is another than it has. */
  readonly primaryKey?: readonly string[];
  /** The table has no column of that name, or NULLs in it: `changes` says how it comes by one. */
  readonly lacksColumn: boolean;
  /** False: something has to change before the table can be what it is advised to be. */
  readonly ready: boolean;
  /** The planner's estimate. */
  readonly rows?: number;
  readonly bytes: number;
  readonly reasons: readonly string[];
}

/** One comparison of columns, and what each would have brought. */
export interface Choice {
  readonly chosen?: string;
  readonly because: string;
  /** The best first. */
  readonly candidates: readonly (CandidateAdvice & {
    /** Shares of the workload, 0 to 1. */
    readonly workload: NonNullable<Candidate['routes']>;
    /** Why it is not the one; absent where it is. */
    readonly lost?: string;
    /** What would make it the one. */
    readonly wins?: string;
  })[];
  /** Candidates that were not held against the workload: impossible, or far behind. */
  readonly others: readonly (CandidateAdvice & { readonly lost: string; readonly wins: string })[];
  /** Keys of one table each, `table.column`, that no other table has and no query asks for. */
  readonly alone: readonly string[];
  /** The second-best, and what choosing it would cost. */
  readonly runnerUp?: { readonly column: string; readonly cost: string };
}

/** A column that tables could be distributed by. */
export interface CandidateAdvice {
  readonly column: string;
  /** The table whose key it is, else the largest that has it. */
  readonly table: string;
  readonly tables: number;
  /** Tables that can get it along foreign keys. */
  readonly reachable: number;
  readonly bytes: number;
  /** Share of the database's bytes, 0 to 1. */
  readonly coverage: number;
  /** Points of 100. */
  readonly score: number;
  readonly distinct?: number;
  /** Share of the rows that hold the most frequent value, 0 to 1. */
  readonly top?: number;
}

export interface QueryAdvice extends Partial<Forecast> {
  readonly name: string;
  readonly source: QuerySource;
  readonly share: number;
  readonly calls?: number;
  readonly route: Forecast['route'];
  readonly reason: string;
  readonly sql: string;
}
