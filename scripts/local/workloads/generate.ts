import type { TimePartition } from './time-partitions';

/** A table's rows in COPY's text format, in the order they are loaded. */
export interface GeneratedTable {
  readonly table: string;
  /** The columns a row gives; the others take their defaults. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** What the table is partitioned into, in the order of time; absent where it is not. They are made before the rows. */
  readonly partitions?: readonly TimePartition[];
  /** Lines ready for COPY, each ending in a newline; the same lines every time. */
  lines(): Iterable<string>;
}

/** The data of a workload. */
export interface GeneratedData {
  /** In the order that foreign keys ask for. */
  readonly tables: readonly GeneratedTable[];
  /** Sequences to set behind the rows that brought their own numbers. */
  readonly sequences: readonly { readonly table: string; readonly column: string }[];
  /** What the rows must answer once they are all there, wherever they are. */
  readonly facts: readonly ExpectedFact[];
  /** What a value of the distribution column stands for, in words: a device, a user. */
  readonly subject: { readonly one: string; readonly all: string };
  /** What a person should know of the data to understand where it ends up, one sentence. */
  readonly remark: string;
}

/** Something that is known of the rows before there are any. */
export interface ExpectedFact {
  /** Small letters, digits and hyphens, apart from names of the workload's own. */
  readonly name: string;
  /** A statement that answers with one number. */
  readonly sql: string;
  readonly value: number;
}

/** Bytes in one write: a write for each row costs several times the speed of COPY itself. */
const CHUNK_BYTES = 128 * 1024;

/**
 * Lines put together to chunks that are worth a write each.
 *
 * @param onRows told after each chunk how many lines there were so far
 */
export function* chunks(lines: Iterable<string>, onRows?: (rows: number) => void): Generator<Buffer> {
  let text = '';
  let rows = 0;
  for (const line of lines) {
    text += line;
    rows += 1;
    if (text.length < CHUNK_BYTES) continue;
    yield Buffer.from(text);
    onRows?.(rows);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
  onRows?.(rows);
}

/** Numbers in [0, 1), the same sequence for the same seed: xorshift32 (Marsaglia, 2003). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
