import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { loadWorkload } from '../../config/workload/workload';
import { explain } from '../lib/errors';
import type { ConnectionTarget } from '../lib/connection';
import { withClient, withTransaction } from '../lib/connection';
import { silentReporter } from '../lib/reporter';
import { localEngines } from '../local/engines';
import type { EngineChoice } from '../local/engines/choose-engine';
import { chooseEngine } from '../local/engines/choose-engine';
import {
  addNodes,
  createDatabase,
  dropDatabase,
  LOGIN,
  PLATFORM,
  registerCoordinator,
} from '../local/engines/platform';
import type { ServerNode, ServerSet } from '../local/engines/server-set';
import { loadData } from '../local/journey/load';
import { generateData } from '../local/workloads';

/** Servers with Citus, the coordinator first, on which databases are made for one run each. */
export interface CitusServers {
  readonly nodes: readonly [ServerNode, ...ServerNode[]];
  readonly login: ServerSet['login'];
}

/** A database of one run. */
export interface RunDatabase {
  /** As the login `citus`. */
  readonly target: ConnectionTarget;
  /** Adds the servers behind the coordinator, as the platform does. */
  addWorkers(): Promise<void>;
  drop(): Promise<void>;
}

/** Native first: containers add a layer that has nothing to do with what is measured. */
function engines(): ReturnType<typeof localEngines> {
  const all = localEngines(process.env);
  return ['native', 'docker'].flatMap((wanted) => all.filter(({ name }) => name === wanted));
}

/** Why nothing that needs Citus can be measured here; undefined where it can. Starts nothing. */
export async function citusUnavailable(): Promise<string | undefined> {
  return chooseEngine(engines(), undefined).then(
    () => undefined,
    (error: unknown) => explain(error),
  );
}

/** Starts servers of their own for a bench, and takes them down after it. */
export async function withCitusServers<T>(
  names: readonly [string, ...string[]],
  use: (servers: CitusServers) => Promise<T>,
): Promise<T> {
  const { availability, engine }: EngineChoice = await chooseEngine(engines(), undefined);
  if (availability.servers === undefined) throw new Error(`the engine ${engine} starts no servers`);
  const servers = await availability.servers({}, silentReporter);
  try {
    const [coordinator, ...workers] = await servers.start(names);
    if (coordinator === undefined) throw new Error('no server was started');
    return await use({
      nodes: [coordinator, ...workers],
      login: (...who) => servers.login(...who),
    });
  } finally {
    await servers.stop();
  }
}

/** The sensors on one node, as a {@link withLoaded} database. */
export function withSensors<T>(
  servers: CitusServers,
  rows: number,
  signal: AbortSignal,
  use: (fresh: () => Promise<RunDatabase>) => Promise<T>,
): Promise<T> {
  const load = async (client: Client): Promise<void> => {
    const { schemaSql } = await loadWorkload('sensors');
    await withTransaction(client, () => client.query(schemaSql));
    await loadData(client, generateData('sensors', rows), {
      signal,
      onTable: () => ({ update: () => undefined, finish: () => undefined }),
    });
  };
  return withLoaded(servers, load, use);
}

/**
 * Tables on one node, in a database without Citus that others are made from: loading takes longer than most of what is
 * measured, and a copy of the files gives both sides of a pair the same pages.
 *
 * @param load fills the database, as the login `citus`
 * @param use is given how to make the database of a run: Citus on every node, the coordinator holding shards, no
 *   worker added yet, the tables not distributed
 */
export async function withLoaded<T>(
  { nodes, login }: CitusServers,
  load: (client: Client) => Promise<void>,
  use: (fresh: () => Promise<RunDatabase>) => Promise<T>,
): Promise<T> {
  const [coordinator, ...workers] = nodes;
  const server = login(coordinator, PLATFORM, 'postgres');
  const loaded = databaseName();
  await createDatabase(server, loaded, { citus: false });
  try {
    await withClient(login(coordinator, LOGIN, loaded), load, { purpose: 'bench' });
    // What the first run would find unvacuumed, the next one would not.
    await withClient({ ...server, database: loaded }, (client) => client.query('VACUUM (FREEZE, ANALYZE)'));
    return await use(async () => {
      const database = databaseName();
      await copyDatabase(server, loaded, database);
      for (const node of nodes) {
        await createDatabase(login(node, PLATFORM, 'postgres'), database, { citus: true });
      }
      const platform = login(coordinator, PLATFORM, database);
      await registerCoordinator(platform, coordinator);
      return {
        target: login(coordinator, LOGIN, database),
        addWorkers: () => addNodes(platform, workers),
        drop: () => dropOnAll({ nodes, login }, database),
      };
    });
  } finally {
    await dropOnAll({ nodes: [coordinator], login }, loaded);
  }
}

/** Makes the database of a run for `use`, and drops it afterwards. */
export async function onFresh<T>(
  fresh: () => Promise<RunDatabase>,
  use: (database: RunDatabase) => Promise<T>,
): Promise<T> {
  const database = await fresh();
  try {
    return await use(database);
  } finally {
    await database.drop();
  }
}

/** A database with Citus on the coordinator, which holds shards, and no worker; dropped afterwards. */
export async function withEmptyDatabase<T>(
  { nodes: [coordinator], login }: CitusServers,
  use: (target: ConnectionTarget) => Promise<T>,
): Promise<T> {
  const database = databaseName();
  await createDatabase(login(coordinator, PLATFORM, 'postgres'), database, { citus: true });
  try {
    await registerCoordinator(login(coordinator, PLATFORM, database), coordinator);
    return await use(login(coordinator, LOGIN, database));
  } finally {
    await dropOnAll({ nodes: [coordinator], login }, database);
  }
}

function databaseName(): string {
  return `bench_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
}

/** Copies files, which is what PostgreSQL did before 15 without being told; the other way fills the log. */
async function copyDatabase(server: ConnectionTarget, from: string, to: string): Promise<void> {
  await withClient(server, async (client) => {
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    const strategy = (rows[0]?.version ?? 0) >= 150_000 ? ' STRATEGY file_copy' : '';
    await client.query(
      `CREATE DATABASE ${escapeIdentifier(to)} OWNER ${escapeIdentifier(LOGIN)} TEMPLATE ${escapeIdentifier(from)}${strategy}`,
    );
  });
}

async function dropOnAll({ nodes, login }: CitusServers, database: string): Promise<void> {
  for (const node of nodes) await dropDatabase(login(node, PLATFORM, 'postgres'), database);
}
