/**
 * The bytes of a shard, worked out from those of the table it is a part of. Pure.
 *
 * A shard is a table of its own, with a copy of every index, freshly filled by COPY. Its heap has its share of the table's
 * blocks. What it has besides, no share of the whole would say: a block or more for each index however small it is, a
 * primary key that a specification made wider, and for GIN the list in which new entries wait. Maps of free space and of
 * visibility come with the first vacuum, and are left out, as is the space that dead rows hold in indexes to come, and the
 * blocks that COPY adds in advance from PostgreSQL 16 on: at most as many as are used, and at most 64.
 */

export const BLOCK_BYTES = 8192;

/** A heap, and what belongs to it, before it is cut into shards. Sizes in blocks. */
export interface StoredTable {
  /** Of the main fork. */
  readonly blocks: number;
  /** TOAST with its index; absent where no column can be stored out of line. */
  readonly toastBlocks?: number | undefined;
  readonly indexes: readonly StoredIndex[];
  /** Average bytes of a value, by column. */
  readonly widths: Readonly<Record<string, number>>;
}

export interface StoredIndex {
  readonly method: string;
  readonly blocks: number;
  readonly isPrimary: boolean;
  /** GIN puts new entries into a list first. */
  readonly fastUpdate: boolean;
  /** Absent for expressions. */
  readonly columns: readonly string[];
}

export interface ShardShare {
  /** Of the table's bytes, 0 to 1. */
  readonly share: number;
  readonly rows: number;
}

/** Blocks of an index without entries, by method, as PostgreSQL 14 to 17 make them. */
const EMPTY_BLOCKS: Readonly<Record<string, number>> = {
  btree: 1,
  hash: 4,
  gin: 2,
  gist: 1,
  spgist: 3,
  brin: 3,
};

/** `gin_pending_list_limit`: a longer list is merged into the index. */
const PENDING_LIST_BYTES = 4 * 1024 * 1024;
/**
 * Entries wait unpacked, each with a header and a pointer to its row. Measured with jsonb_ops: a document of 55 bytes has
 * four entries of 24 bytes. Other types of values come to other figures.
 */
const PENDING_BYTES_PER_BYTE = 1.75;

/** @param primaryKey what the specification makes of it, where it does */
export function shardBytes(
  table: StoredTable,
  shard: ShardShare,
  primaryKey: readonly string[] | undefined,
): number {
  const heap = Math.ceil(shard.share * table.blocks);
  const toast = table.toastBlocks === undefined ? 0 : Math.max(1, Math.ceil(shard.share * table.toastBlocks));
  const indexes = table.indexes.reduce((sum, index) => sum + indexBlocks(index, shard, table, primaryKey), 0);
  return (heap + toast + indexes) * BLOCK_BYTES;
}

function indexBlocks(
  index: StoredIndex,
  shard: ShardShare,
  table: StoredTable,
  primaryKey: readonly string[] | undefined,
): number {
  const empty = EMPTY_BLOCKS[index.method] ?? 1;
  if (shard.rows === 0) return empty;
  if (index.method === 'btree') {
    const growth =
      index.isPrimary && primaryKey !== undefined
        ? entryBytes(primaryKey, table.widths) / entryBytes(index.columns, table.widths)
        : 1;
    // Beside leaves: the first block, and a root above several leaves.
    const leaves = index.blocks > 2 ? index.blocks - 2 : 1;
    const own = Math.max(1, Math.ceil(shard.share * leaves * growth));
    return empty + own + (own > 1 ? 1 : 0);
  }
  const merged = empty + Math.ceil(shard.share * Math.max(0, index.blocks - empty));
  if (index.method !== 'gin' || !index.fastUpdate) return merged;
  const width = index.columns.reduce((sum, column) => sum + (table.widths[column] ?? 0), 0);
  const pending = shard.rows * width * PENDING_BYTES_PER_BYTE;
  return pending > PENDING_LIST_BYTES ? merged : empty + Math.max(1, Math.ceil(pending / BLOCK_BYTES));
}

/** Of a B-tree: a header of 8 bytes, the values, all aligned, and a pointer of 4 to it in the block. */
function entryBytes(columns: readonly string[], widths: StoredTable['widths']): number {
  const values = columns.reduce((sum, column) => {
    const width = widths[column] ?? 8;
    return Math.ceil(sum / Math.min(8, width || 1)) * Math.min(8, width || 1) + width;
  }, 0);
  return 8 + Math.ceil(values / 8) * 8 + 4;
}
