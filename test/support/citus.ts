import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier } from 'pg';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { citusUrlEngine } from '../../scripts/local/engines/citus-url';
import type { LocalCluster } from '../../scripts/local/engines/engine';
import {
  addNodes,
  createDatabase,
  dropDatabase,
  LOGIN,
  registerCoordinator,
} from '../../scripts/local/engines/platform';
import { emptyDatabase } from './empty-database';
import { laneSuite } from './lanes';
import type { TestCluster, TestNode } from './test-cluster';
import { testCluster, testLogin } from './test-cluster';
import { testRun } from './test-run';

/** A database of the test cluster that belongs to one test file. */
export interface TestDatabase {
  /** The login `citus`: owns the database, is no superuser, as on Azure. */
  readonly target: ConnectionTarget;
  /**
   * The platform's login (superuser); tests use it for what Azure's control plane would do, and to spoil things. On a
   * cluster of CITUS_URL nobody has it, and it is {@link target}.
   */
  readonly platform: ConnectionTarget;
  /** Adds the workers that are not part of the cluster yet, as the platform does when a cluster is scaled out. */
  addWorkers(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * A suite of the citus lane that plays the platform: it adds nodes, or needs a superuser. On a cluster that CITUS_URL
 * names, which belongs to somebody else, it is skipped by name.
 */
export function platformSuite(title: string, tests: () => void): void {
  if (testRun().citus === 'citus-url') {
    describe.skip(
      `[citus] ${title} (needs a cluster whose nodes the tests may add; CITUS_URL names one they may not)`,
      tests,
    );
  } else laneSuite('citus', title, tests);
}

/** What a suite of the citus lane asks of the cluster. */
export interface ClusterNeeds {
  /** 0: the coordinator alone; 2: a coordinator that holds shards and two workers. */
  readonly workers: 0 | 2;
}

/**
 * A suite of the citus lane that needs a database and its login, and nothing of the platform: it runs on a cluster that CITUS_URL names
 * too, where that has the nodes. Elsewhere it is skipped by name.
 */
export function citusSuite(title: string, needs: ClusterNeeds, tests: () => void): void {
  const missing = testRun().citus === 'citus-url' ? lacking(needs) : undefined;
  if (missing === undefined) laneSuite('citus', title, tests);
  else describe.skip(`[citus] ${title} (${missing})`, tests);
}

/** What the borrowed cluster has not; undefined where it will do. */
function lacking({ workers }: ClusterNeeds): string | undefined {
  const { borrowed } = testRun();
  if (borrowed?.workers === workers && borrowed.shardsOnAll) return undefined;
  const wanted = workers === 0 ? 'a single node' : `${String(workers + 1)} nodes that all hold shards`;
  const there = `${String((borrowed?.workers ?? 0) + 1)}${borrowed?.shardsOnAll === false ? ', not all of which do' : ''}`;
  return `needs ${wanted}; CITUS_URL names a cluster of ${there}`;
}

/**
 * A fresh database with Citus on every node of the test cluster.
 *
 * @param options.workers 0: the coordinator alone, holding shards; 2: a coordinator that holds shards and two workers
 */
export async function freshCitusDatabase(options: ClusterNeeds): Promise<TestDatabase> {
  if (process.env['SCALEOUT_TEST_CLUSTER'] === undefined && testRun().citus === 'citus-url') {
    const missing = lacking(options);
    if (missing !== undefined) throw new Error(`this suite ${missing}: use citusSuite`);
    return borrowedDatabase();
  }
  const cluster = await testCluster();
  const [coordinator, ...workers] = cluster.nodes;
  if (coordinator === undefined) throw new Error('the test cluster has no coordinator');
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const platform = testLogin(cluster, coordinator, cluster.superuser, database);
  const addWorkers = async (): Promise<void> => {
    await createOn(cluster, workers, database);
    await addNodes(
      platform,
      workers.map(({ nodeName, nodePort }, index) => ({
        name: `w${String(index)}`,
        host: nodeName,
        port: nodePort,
      })),
    );
  };
  await createOn(cluster, [coordinator], database);
  await registerCoordinator(platform, {
    name: 'coordinator',
    host: coordinator.nodeName,
    port: coordinator.nodePort,
  });
  if (options.workers === 2) await addWorkers();
  return {
    target: testLogin(cluster, coordinator, LOGIN, database),
    platform,
    addWorkers,
    async drop() {
      await Promise.all(
        cluster.nodes.map((node) =>
          dropDatabase(testLogin(cluster, node, cluster.superuser, 'postgres'), database),
        ),
      );
    },
  };
}

/** Makes the database on those of the nodes that have it not yet. */
async function createOn(
  { template, ...cluster }: TestCluster,
  nodes: readonly TestNode[],
  database: string,
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      const login = testLogin(cluster, node, cluster.superuser, 'postgres');
      if (template === undefined) await createDatabase(login, database, { citus: true });
      else await copyDatabase(login, template, database);
    }),
  );
}

/** From PostgreSQL 15 on a server copies through its log unless told otherwise, which is more work for it. */
async function copyDatabase(login: ConnectionTarget, template: string, database: string): Promise<void> {
  await withClient(login, async (client) => {
    const { rows } = await client.query<{ there: boolean; version: number }>(
      `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS there,
              current_setting('server_version_num')::int AS version`,
      [database],
    );
    const [{ there, version } = { there: false, version: 0 }] = rows;
    if (there) return;
    await client.query(
      `CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(LOGIN)} TEMPLATE ${escapeIdentifier(template)}` +
        (version < 150_000 ? '' : ' STRATEGY file_copy'),
    );
  });
}

/** Columnar tables, which newer versions of Citus keep in an extension of its own. */
export async function allowColumnar({ platform }: TestDatabase): Promise<void> {
  await withClient(platform, (client) =>
    client.query(
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_am WHERE amname = 'columnar') THEN CREATE EXTENSION citus_columnar; END IF; END $$",
    ),
  );
}

/** The one database of the cluster CITUS_URL names, for one test file at a time; empty before and after. */
async function borrowedDatabase(): Promise<TestDatabase> {
  const cluster = await borrow();
  return {
    target: cluster.coordinator,
    platform: cluster.coordinator,
    addWorkers: () => cluster.addWorkers(2),
    async drop() {
      // It was empty when it was borrowed, so all of this is the test's.
      try {
        await withClient(cluster.coordinator, emptyDatabase);
      } finally {
        await cluster.stop();
      }
    },
  };
}

/** Waits for the test files before this one to give the database back. */
async function borrow(): Promise<LocalCluster> {
  for (let attempt = 1; ; attempt += 1) {
    const availability = await citusUrlEngine(process.env).probe();
    if (!availability.available) throw new Error(availability.reason);
    try {
      return await availability.start(silentReporter);
    } catch (error) {
      if (
        attempt === 300 ||
        !(error instanceof Error) ||
        !/already holds|another "local" run/.test(error.message)
      ) {
        throw error;
      }
      await sleep(1000);
    }
  }
}
