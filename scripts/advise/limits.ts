/** The numbers advice is decided by. Each is named in the reason that rests on it. */

/** A table is copied whole to every node up to this size. */
export const REFERENCE_MOST_BYTES = 1024 ** 3;
/** Below this nobody minds a copy on every node, whatever the rest of the database weighs. */
export const REFERENCE_ALWAYS_BYTES = 64 * 1024 ** 2;
/** A share of the database that is too much to have on every node. */
export const REFERENCE_MOST_SHARE = 0.05;
/** From this share of the database on, a table deserves to be distributed by something. */
export const LARGE_SHARE = 0.05;
/** One value above this share of the rows: its shard holds most of the table. */
export const WORST_TOP = 0.5;
/** One value above this share is worth a word. */
export const NOTABLE_TOP = 0.1;
/** Of two columns that come out equal, the one whose own table is this many times larger wins. */
export const CLEARLY_LARGER = 2;
/** How many columns are compared by what each query would do. */
export const MOST_COMPARED = 12;
/** Points of 100 that are no difference between two columns. */
export const SAME_SCORE = 1;
/** Points from which on a difference is told of the second-best. */
export const NOTABLE_POINTS = 2;
/** Tables named in what would make another column win. */
export const MOST_LACKING = 3;

/**
 * Points of a column, 100 at most: of its bytes and tables, of the workload that goes to one shard less what breaks, of its tables that
 * have it in a key. What is taken away: of shards that no value fills, of one value with half of the rows, of a column that follows
 * from another one which is in about as many tables.
 */
export const WEIGHTS = { bytes: 25, tables: 25, workload: 40, keys: 10, values: 20, skew: 20, under: 20 };
export const WEIGHTS_WITHOUT_QUERIES = { ...WEIGHTS, bytes: 45, tables: 45, workload: 0 };
/** What a table counts that has the column, and it may be NULL though it never is. */
export const MAY_BE_NULL = 0.5;
/** What a table counts that can get the column along foreign keys that are never NULL; and along others. */
export const REACHED = 0.6;
export const REACHED_BY_NULLABLE = 0.3;
/** Few values are a fault of a column that nothing speaks for: it is in fewer tables than these beside its own, in no key, and in few queries. */
export const SPEAKING_TABLES = 3;
export const SPEAKING_SHARE = 0.05;
/** Distinct values to rows from which on statistics say that a column is unique. */
export const UNIQUE_SHARE = 0.95;
