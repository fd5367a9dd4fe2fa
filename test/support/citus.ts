import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { testCluster } from './test-cluster';

/** A database of the test cluster that belongs to one test file. */
export interface TestDatabase {
  /** The login `citus`: owns the database, is no superuser, as on Azure. */
  readonly target: ConnectionTarget;
  /** The platform's login (superuser); tests use it for what Azure's control plane would do, and to spoil things. */
  readonly platform: ConnectionTarget;
  /** Adds the workers that are not part of the cluster yet, as the platform does when a cluster is scaled out. */
  addWorkers(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * A fresh database with Citus on every node of the test cluster.
 *
 * @param options.workers 0: the coordinator alone, holding shards; 2: a coordinator that holds shards and two workers
 */
export async function freshCitusDatabase(options: { readonly workers: 0 | 2 }): Promise<TestDatabase> {
  const cluster = await testCluster();
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const at = (port: number, user: string, name: string): ConnectionTarget => ({
    host: cluster.host,
    port,
    user,
    database: name,
    sslMode: 'disable',
  });
  const [coordinator, ...workers] = cluster.ports;
  if (coordinator === undefined) throw new Error('the test cluster has no coordinator');
  for (const port of cluster.ports) {
    await as(at(port, cluster.superuser, 'postgres'), async (client) => {
      await client.query(`CREATE DATABASE ${database} OWNER citus`);
    });
    await as(at(port, cluster.superuser, database), async (client) => {
      await client.query('CREATE EXTENSION citus');
      await client.query('GRANT ALL ON SCHEMA public TO citus');
    });
  }
  const platform = at(coordinator, cluster.superuser, database);
  await as(platform, async (client) => {
    // A lone coordinator must be told to hold shards, as Azure's single node does.
    await client.query('SELECT citus_set_coordinator_host($1, $2)', [cluster.host, coordinator]);
    await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', true)", [
      cluster.host,
      coordinator,
    ]);
  });
  const addWorkers = async (): Promise<void> => {
    await as(platform, async (client) => {
      for (const port of workers) await client.query('SELECT citus_add_node($1, $2)', [cluster.host, port]);
    });
  };
  if (options.workers === 2) await addWorkers();
  return {
    target: at(coordinator, 'citus', database),
    platform,
    addWorkers,
    async drop() {
      for (const port of cluster.ports) {
        await as(at(port, cluster.superuser, 'postgres'), async (client) => {
          await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
        });
      }
    },
  };
}

async function as(target: ConnectionTarget, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ ...target, ssl: false });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
