import type { QueryShape } from '../database/forecast/shape';

/** Where a query is known from. */
export type QuerySource = 'file' | 'pg_stat_statements' | 'log';

/** A query of the workload, as far as it could be understood. */
export interface AdvisedQuery {
  /** That of the file, or `statement N` and `logged statement N` in the order of calls. */
  readonly name: string;
  readonly source: QuerySource;
  readonly sql: string;
  /** Share of the workload, 0 to 1: of calls, or of the queries of the file. */
  readonly share: number;
  readonly calls?: number;
  /** Absent where PostgreSQL could not plan it. */
  readonly shape?: QueryShape;
  /** Why it could not. */
  readonly problem?: string;
}

/**
 * Gives each query its share: within a source by calls (one each in a file), and each source the same weight, as calls
 * and a list of what matters have no common unit.
 */
export function shareOut<Query extends { readonly source: QuerySource; readonly calls?: number }>(
  queries: readonly Query[],
): (Query & { readonly share: number })[] {
  const totals = new Map<QuerySource, number>();
  for (const { source, calls = 1 } of queries) totals.set(source, (totals.get(source) ?? 0) + calls);
  return queries.map((query) => ({
    ...query,
    share: (query.calls ?? 1) / (totals.get(query.source) ?? 1) / totals.size,
  }));
}

/**
 * A statement as pg_stat_statements keeps it, made plannable again: it puts a parameter where a constant stood, and
 * `interval $1` is no SQL, unlike `interval '1 hour'`. Pure.
 */
export function readableStatement(text: string): string {
  return text.replace(
    /\b(interval|date|time|timestamp|timestamptz|timestamp with time zone|time with time zone)\s+(\$\d+)/gi,
    '$2::$1',
  );
}

/** Whether a text that could not be planned names one of the tables at all: others are nobody's workload. Pure. */
export function mentionsAny(text: string, names: readonly string[]): boolean {
  const words = new Set(text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []);
  return names.some((name) => words.has(name.toLowerCase()) || text.includes(`"${name}"`));
}
