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
/** Shares of the workload, or of the bytes, closer than this are as good as equal. */
export const SAME_SHARE = 0.05;
/** Of two columns that cover the same tables, the one whose own table is this many times larger wins. */
export const CLEARLY_LARGER = 2;
/** How many columns are compared by what each query would do. */
export const MOST_COMPARED = 12;
