/** What PostgreSQL knows of a table's contents without reading it. */
export interface TableStatistics {
  /** The planner's estimate; absent where nobody has counted yet. */
  readonly rows?: number;
  /** Table, indexes and TOAST, with all partitions. */
  readonly bytes: number;
  /** Rows inserted, updated and deleted since the statistics of activity were reset. */
  readonly writes: number;
  readonly columns: ReadonlyMap<string, ColumnStatistics>;
}

export interface ColumnStatistics {
  /** Distinct values. */
  readonly distinct: number;
  /** Share of rows, 0 to 1. */
  readonly nulls: number;
  /** Share of the rows that hold the most frequent value, 0 to 1; absent where no value stands out. */
  readonly top?: number;
}
