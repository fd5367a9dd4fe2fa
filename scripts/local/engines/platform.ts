import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from '../../lib/connection';
import { withClient } from '../../lib/connection';
import { sqlStateOf } from '../../lib/errors';
import type { ClusterNode } from './cluster-node';

/** The login a cluster is used with, as on Azure: no superuser, owner of the database. */
export const LOGIN = 'citus';
export const DATABASE = 'citus';

/** The platform's login: a superuser of the servers, used for what Azure's control plane does and nothing else. */
export const PLATFORM = 'postgres';

/** What the service's own login may, and roles that people make may not: it sees every setting of a server. */
const SEES_SETTINGS = 'pg_read_all_settings';

/** Makes a login on one node, or gives it another password. */
export async function setLogin(platform: ConnectionTarget, role: string, password: string): Promise<void> {
  await withClient(platform, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    const statement = rowCount === 0 ? 'CREATE ROLE %I LOGIN PASSWORD %L' : 'ALTER ROLE %I PASSWORD %L';
    await execute(client, statement, [role, password]);
    if (role === LOGIN) await execute(client, 'GRANT %I TO %I', [SEES_SETTINGS, role]);
  });
}

/** Drops a login on one node; fine when it is not there. */
export async function dropLogin(platform: ConnectionTarget, role: string): Promise<void> {
  await withClient(platform, async (client) => {
    await execute(client, 'DROP ROLE IF EXISTS %I', [role]);
  });
}

/** The group of administrators of an elastic cluster. */
const ADMINISTRATORS = 'azure_pg_admin';

/** Makes a login of one node the administrator of an elastic cluster: no superuser, but one who makes roles. */
export async function makeAdministrator(platform: ConnectionTarget, login: string): Promise<void> {
  await withClient(platform, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [ADMINISTRATORS]);
    if (rowCount === 0) await execute(client, 'CREATE ROLE %I NOLOGIN', [ADMINISTRATORS]);
    await execute(client, 'ALTER ROLE %I CREATEROLE CREATEDB', [login]);
    await execute(client, 'GRANT %I TO %I', [ADMINISTRATORS, login]);
    await execute(client, 'GRANT %I TO %I', [SEES_SETTINGS, login]);
  });
}

export interface DatabaseOptions {
  readonly citus: boolean;
  /** @default 'citus' */
  readonly owner?: string;
}

/** Makes a database of its owner's on one node, with the Citus extension where the node has it; fine when it is there. */
export async function createDatabase(
  platform: ConnectionTarget,
  database: string,
  options: DatabaseOptions,
): Promise<void> {
  const { owner = LOGIN } = options;
  await withClient(platform, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    const statement = rowCount === 0 ? 'CREATE DATABASE %I OWNER %I' : 'ALTER DATABASE %I OWNER TO %I';
    await execute(client, statement, [database, owner]);
  });
  await withClient({ ...platform, database }, async (client) => {
    if (options.citus) await client.query('CREATE EXTENSION IF NOT EXISTS citus');
    // Up to PostgreSQL 14 the schema belongs to the superuser; from 15 on this says what holds anyway.
    await execute(client, 'GRANT ALL ON SCHEMA public TO %I', [owner]);
  });
}

/** SQLSTATE of a database that is not dropped because somebody is in it. */
const IN_USE = '55006';

/** Milliseconds for which sessions that were told to end may take to do so. The server itself waits five seconds. */
const SESSIONS_END = 60_000;

/**
 * Drops a database on one node with the sessions that are in it; fine when it is not there.
 *
 * A busy machine takes longer to end a session than the server waits, and Citus's workers come back by themselves: it is tried again.
 *
 * @throws DatabaseError when there is still somebody in it after a minute
 */
export async function dropDatabase(platform: ConnectionTarget, database: string): Promise<void> {
  const until = Date.now() + SESSIONS_END;
  for (;;) {
    try {
      await withClient(platform, (client) =>
        execute(client, 'DROP DATABASE IF EXISTS %I WITH (FORCE)', [database]),
      );
      return;
    } catch (error) {
      if (sqlStateOf(error) !== IN_USE || Date.now() > until) throw error;
      await sleep(200);
    }
  }
}

/** Makes a lone coordinator what Azure's single node is: part of the metadata, and holding shards. */
export async function registerCoordinator(
  platform: ConnectionTarget,
  coordinator: ClusterNode,
): Promise<void> {
  await withClient(platform, async (client) => {
    await client.query('SELECT citus_set_coordinator_host($1, $2)', [coordinator.host, coordinator.port]);
  });
  // Naming the coordinator's host takes the shards away from it; a distribution would then find no node.
  await setShardHosting(platform, coordinator, true);
}

/** Says whether a node is to hold shards. Those that are on it stay. */
export async function setShardHosting(
  platform: ConnectionTarget,
  node: ClusterNode,
  holdsShards: boolean,
): Promise<void> {
  await withClient(platform, async (client) => {
    await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)", [
      node.host,
      node.port,
      holdsShards,
    ]);
  });
}

/** Adds nodes to a cluster. No data moves. */
export async function addNodes(platform: ConnectionTarget, nodes: readonly ClusterNode[]): Promise<void> {
  await withClient(platform, async (client) => {
    for (const node of nodes) await client.query('SELECT citus_add_node($1, $2)', [node.host, node.port]);
  });
}

/** Runs a statement that takes no parameters, with its values quoted by the server itself. */
async function execute(client: Client, template: string, values: readonly string[]): Promise<void> {
  const placeholders = values.map((_, index) => `$${String(index + 2)}::text`).join(', ');
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format($1, ${placeholders}) AS statement`,
    [template, ...values],
  );
  await client.query(rows[0]?.statement ?? '');
}
