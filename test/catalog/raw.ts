import type { Client } from 'pg';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import type { Case, DrawnTable } from './case';
import { text } from './feature';
import { sqlName } from './names';
import { messageOf } from './product';

/**
 * What somebody with psql would do, as the login: reference tables first, then parents before children.
 *
 * @returns Citus's own errors, none where it does all of it
 */
export async function distributeByHand(
  target: ConnectionTarget,
  drawn: Case,
  shardCount: number,
): Promise<string[]> {
  const distributed = drawn.tables.filter(({ placement }) => placement === 'distributed');
  const references = drawn.tables.filter(({ placement }) => placement === 'reference');
  // What cannot be copied while writes go on is copied while they wait.
  const calls = drawn.online
    ? ['create_distributed_table_concurrently', 'create_distributed_table']
    : ['create_distributed_table'];
  const [first] = distributed;
  const options = (each: DrawnTable): string =>
    each === first || first === undefined
      ? `shard_count := ${String(shardCount)}, colocate_with := 'none'`
      : `colocate_with := ${nameOf(first)}`;
  const placing = [
    ...references.map((each) => [`SELECT create_reference_table(${nameOf(each)})`]),
    ...distributed.flatMap((each) => [
      ...replaceKey(each).map((statement) => [statement]),
      calls.map((call) => `SELECT ${call}(${nameOf(each)}, 'org', ${options(each)})`),
    ]),
  ];
  const errors = await errorsOf(target, placing);
  if (errors.length === 0) return [];
  // What is next to a table that Citus does not take is reached without the foreign keys between them.
  const keys = await withClient(target, async (client) => {
    const tables = drawn.tables.map(({ table }) => sqlName(table));
    return (await client.query<{ drop: string; add: string }>(FOREIGN_KEYS, [tables])).rows;
  });
  if (keys.length === 0) return errors;
  const without = [...keys.map(({ drop }) => [drop]), ...placing, ...keys.map(({ add }) => [add])];
  return [...errors, ...(await errorsOf(target, without))];
}

const FOREIGN_KEYS = `
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS add
  FROM pg_constraint
 WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY ($1::text[]::regclass[])`;

/** The same for other numbers of shards. */
export function changeByHand(target: ConnectionTarget, drawn: Case, shardCount: number): Promise<string[]> {
  const first = drawn.tables.find(({ placement }) => placement === 'distributed');
  if (first === undefined) return Promise.resolve([]);
  return errorsOf(target, [
    [
      `SELECT alter_distributed_table(${nameOf(first)}, shard_count := ${String(shardCount)}, cascade_to_colocated := true)`,
    ],
  ]);
}

/** The same for the way back to the coordinator. */
export function bringBackByHand(target: ConnectionTarget, { tables }: Case): Promise<string[]> {
  const known = tables.filter(({ placement }) => placement !== 'local');
  return errorsOf(
    target,
    known.map((each) => [
      `SELECT undistribute_table(logicalrelid, cascade_via_foreign_keys := true) FROM pg_dist_partition WHERE logicalrelid = ${nameOf(each)}::regclass`,
    ]),
  );
}

/** The same for a rebalance. */
export function rebalanceByHand(target: ConnectionTarget, { online }: Case): Promise<string[]> {
  const mode = online ? 'auto' : 'block_writes';
  return errorsOf(target, [[`SELECT rebalance_table_shards(shard_transfer_mode := '${mode}')`]]);
}

/**
 * Policies that bind owners are in the way of most of what Citus does, which anyone would find out; they are put aside for the time. Databases
 * of one server deadlock where Citus alters its roles for both: that says nothing of the statement.
 *
 * @param tasks each in the ways in which it may be done, tried until one works
 */
async function errorsOf(target: ConnectionTarget, tasks: readonly (readonly string[])[]): Promise<string[]> {
  return withClient(target, async (client) => {
    const { rows: forced } = await client.query<{ name: string }>(FORCED);
    for (const { name } of forced) await client.query(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
    const errors: string[] = [];
    for (const ways of tasks) {
      for (const statement of ways) {
        const error = await errorOf(client, statement, DEADLOCKS);
        if (error === undefined) break;
        errors.push(error);
      }
    }
    for (const { name } of forced) await client.query(`ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`);
    return errors;
  });
}

const FORCED = `
SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relforcerowsecurity AND NOT c.relispartition`;

/** That a statement meets before it counts as failed. */
const DEADLOCKS = 10;

async function errorOf(client: Client, statement: string, deadlocks: number): Promise<string | undefined> {
  try {
    await client.query(statement);
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    return deadlocks > 0 && message.includes('deadlock')
      ? errorOf(client, statement, deadlocks - 1)
      : message;
  }
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
