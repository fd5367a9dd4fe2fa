/**
 * How a shard travels. `auto` is logical replication, which needs a replica identity on every table of the shard group;
 * `force_logical` does without, and UPDATE and DELETE fail on the tables that have none while their shards move;
 * `block_writes` copies faster and lets writers of the shard group wait.
 */
export const TRANSFER_MODES = ['auto', 'force_logical', 'block_writes'] as const;
export type TransferMode = (typeof TRANSFER_MODES)[number];

/** True for the modes that copy by logical replication while writes go on. */
export function isLogical(mode: TransferMode): boolean {
  return mode !== 'block_writes';
}
