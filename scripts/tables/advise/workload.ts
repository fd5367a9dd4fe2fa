import type { QueryShape } from './shape';

/** A query of the workload, as far as it could be understood. */
export interface AdvisedQuery {
  /** That of the file, or `statement N` in the order of calls. */
  readonly name: string;
  readonly source: 'file' | 'pg_stat_statements';
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
export function shareOut<Query extends { readonly source: AdvisedQuery['source']; readonly calls?: number }>(
  queries: readonly Query[],
): (Query & { readonly share: number })[] {
  const totals = new Map<AdvisedQuery['source'], number>();
  for (const { source, calls = 1 } of queries) totals.set(source, (totals.get(source) ?? 0) + calls);
  return queries.map((query) => ({
    ...query,
    share: (query.calls ?? 1) / (totals.get(query.source) ?? 1) / totals.size,
  }));
}
