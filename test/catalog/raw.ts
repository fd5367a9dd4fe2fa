import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import type { Case, DrawnTable } from './case';
import { text } from './feature';
import { sqlName } from './names';
import { messageOf } from './product';

/**
 * What somebody with psql would do, as the login: reference tables first, then parents before children.
 *
 * @returns Citus's own error, undefined where it does all of it
 */
export function distributeByHand(
  target: ConnectionTarget,
  drawn: Case,
  shardCount: number,
): Promise<string | undefined> {
  const distributed = drawn.tables.filter(({ placement }) => placement === 'distributed');
  const references = drawn.tables.filter(({ placement }) => placement === 'reference');
  const call = drawn.online ? 'create_distributed_table_concurrently' : 'create_distributed_table';
  return firstError(target, [
    ...references.map((each) => `SELECT create_reference_table(${nameOf(each)})`),
    ...distributed.flatMap((each) => [
      ...replaceKey(each),
      `SELECT ${call}(${nameOf(each)}, 'org', ${
        each === distributed[0] || distributed[0] === undefined
          ? `shard_count := ${String(shardCount)}, colocate_with := 'none'`
          : `colocate_with := ${nameOf(distributed[0])}`
      })`,
    ]),
  ]);
}

/** The same for other numbers of shards. */
export function changeByHand(
  target: ConnectionTarget,
  drawn: Case,
  shardCount: number,
): Promise<string | undefined> {
  const first = drawn.tables.find(({ placement }) => placement === 'distributed');
  if (first === undefined) return Promise.resolve(undefined);
  return firstError(target, [
    `SELECT alter_distributed_table(${nameOf(first)}, shard_count := ${String(shardCount)}, cascade_to_colocated := true)`,
  ]);
}

/** The same for the way back to the coordinator. */
export function bringBackByHand(target: ConnectionTarget, { tables }: Case): Promise<string | undefined> {
  const known = tables.filter(({ placement }) => placement !== 'local');
  return firstError(
    target,
    known.map(
      (each) =>
        `SELECT undistribute_table(logicalrelid, cascade_via_foreign_keys := true) FROM pg_dist_partition WHERE logicalrelid = ${nameOf(each)}::regclass`,
    ),
  );
}

/** The same for a rebalance. */
export function rebalanceByHand(target: ConnectionTarget, { online }: Case): Promise<string | undefined> {
  const mode = online ? 'auto' : 'block_writes';
  return firstError(target, [`SELECT rebalance_table_shards(shard_transfer_mode := '${mode}')`]);
}

async function firstError(
  target: ConnectionTarget,
  statements: readonly string[],
): Promise<string | undefined> {
  return withClient(target, async (client) => {
    for (const statement of statements) {
      try {
        await client.query(statement);
      } catch (error) {
        return messageOf(error);
      }
    }
    return undefined;
  });
}

function replaceKey({ key, table, partitions }: DrawnTable): string[] {
  if (key !== 'replaced') return [];
  const name = sqlName(table);
  const columns = partitions === 'none' ? 'org, id' : 'org, id, at';
  return [
    `DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = ${text(name)}::regclass AND contype = 'p'); END $$`,
    `ALTER TABLE ${name} ADD PRIMARY KEY (${columns})`,
  ];
}

const nameOf = ({ table }: DrawnTable): string => text(sqlName(table));
