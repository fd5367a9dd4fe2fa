import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { silentReporter } from '../../scripts/lib/reporter';
import { localEngines } from '../../scripts/local/engines';
import { chooseEngine } from '../../scripts/local/engines/choose-engine';
import { takeDownCluster } from '../../scripts/local/engines/cluster-directory';
import { createDatabase, LOGIN, PLATFORM } from '../../scripts/local/engines/platform';
import { testRun } from './test-run';

/** A server of the test cluster. */
export interface TestNode {
  /** Where the tests reach it. */
  readonly port: number;
  /** What the other nodes call it. */
  readonly nodeName: string;
  readonly nodePort: number;
}

/** Three PostgreSQL servers with Citus, for the test files that one worker of jest runs; each makes its own database. */
export interface TestCluster {
  readonly host: string;
  /** Coordinator first. */
  readonly nodes: readonly TestNode[];
  readonly superuser: string;
  /** By role; absent where the servers trust this machine. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** What takes it down; absent for a cluster somebody else runs. */
  readonly directory?: string;
  /**
   * A database with Citus on every node that nobody connects to: a copy of it is a fifth of the work of CREATE EXTENSION. Absent for a
   * cluster somebody else runs.
   */
  readonly template?: string;
}

/** Where a worker remembers its cluster, in the folder of the run. */
const CLUSTER_FILE = /^cluster-\d+\.json$/;

const TEMPLATE = 'test_template';

/** A file system in memory, on Linux. */
export const MEMORY = '/dev/shm';

/** Bytes for the servers of four workers, most of it what they log ahead (see {@link setForTests}). */
const ROOM_NEEDED = 10 * 2 ** 30;

let found: Promise<TestCluster> | undefined;

/**
 * The cluster named by SCALEOUT_TEST_CLUSTER, left running after the tests; else one that the first test file of this
 * worker to ask starts, and that ends with the run. Two databases of one server cannot distribute online at once, so
 * files that run side by side have servers of their own.
 */
export function testCluster(): Promise<TestCluster> {
  const named = process.env['SCALEOUT_TEST_CLUSTER'];
  found ??= named === undefined ? clusterOfWorker() : Promise.resolve(parseNamedCluster(named));
  return found;
}

/** How to log in to a node of the test cluster. */
export function testLogin(
  cluster: TestCluster,
  node: TestNode,
  user: string,
  database: string,
): ConnectionTarget {
  const password = cluster.passwords?.[user];
  return {
    host: cluster.host,
    port: node.port,
    user,
    database,
    sslMode: 'disable',
    ...(password === undefined ? {} : { password }),
  };
}

/** Takes down the clusters that test files started. */
export async function stopTestClusters(): Promise<void> {
  const { directory: run } = testRun();
  for (const state of readdirSync(run).filter((name) => CLUSTER_FILE.test(name))) {
    const { directory } = JSON.parse(readFileSync(join(run, state), 'utf8')) as TestCluster;
    if (directory !== undefined) await takeDownCluster(directory);
  }
}

/** `{"host":"127.0.0.1","ports":[9700,9701,9702],"superuser":"postgres"}`: three servers that trust this machine. */
function parseNamedCluster(text: string): TestCluster {
  const { host, ports, superuser } = JSON.parse(text) as {
    host: string;
    ports: number[];
    superuser: string;
  };
  return {
    host,
    superuser,
    nodes: ports.map((port) => ({ port, nodeName: host, nodePort: port })),
  };
}

async function clusterOfWorker(): Promise<TestCluster> {
  const state = join(testRun().directory, `cluster-${process.env['JEST_WORKER_ID'] ?? '1'}.json`);
  if (existsSync(state)) return JSON.parse(readFileSync(state, 'utf8')) as TestCluster;
  const cluster = await startCluster();
  writeFileSync(`${state}.new`, JSON.stringify(cluster), { mode: 0o600 });
  renameSync(`${state}.new`, state);
  return cluster;
}

/**
 * Where the servers keep their files, if not with other temporary ones: in memory where there is plenty. A test makes and deletes
 * files by the thousand, which costs a disk's file system a tenth of all that the servers compute.
 */
function parentOfServers(): { readonly parent?: string } {
  if (process.env['TMPDIR'] !== undefined || !existsSync(MEMORY)) return {};
  const { bavail, bsize } = statfsSync(MEMORY);
  // The file system's own limit says nothing of the memory that is left.
  return Math.min(bavail * bsize, freemem()) < ROOM_NEEDED ? {} : { parent: MEMORY };
}

/** Citus deals out shards in the order of ports, which is that of the starts; each worker tests with another one. */
function startOrder(): [string, ...string[]] {
  const orders = [
    ['coordinator', 'w0', 'w1'],
    ['w0', 'coordinator', 'w1'],
    ['w1', 'w0', 'coordinator'],
  ] as const;
  const [first, ...others] =
    orders[(Number(process.env['JEST_WORKER_ID'] ?? '1') - 1) % orders.length] ?? orders[0];
  return [first, ...others];
}

async function startCluster(): Promise<TestCluster> {
  const { citus, owner } = testRun();
  if (citus === 'none' || citus === 'named') throw new Error('no engine can run the test cluster');
  const { availability } = await chooseEngine(localEngines(process.env), citus);
  if (availability.servers === undefined) throw new Error(`the engine ${citus} starts no servers`);
  const servers = await availability.servers(
    { owner, maxConnections: 300, ...parentOfServers() },
    silentReporter,
  );
  try {
    const started = await servers.start(startOrder());
    const nodes = [...started].sort((a, b) => (a.name < b.name ? -1 : 1));
    const [coordinator] = nodes;
    if (coordinator === undefined) throw new Error('no server was started');
    const passwords = Object.fromEntries(
      ([LOGIN, PLATFORM] as const).map((user) => [
        user,
        servers.login(coordinator, user, 'postgres').password ?? '',
      ]),
    );
    const cluster: TestCluster = {
      host: '127.0.0.1',
      nodes: nodes.map(({ publishedPort, host, port }) => ({
        port: publishedPort,
        nodeName: host,
        nodePort: port,
      })),
      superuser: PLATFORM,
      passwords,
      directory: servers.directory,
      template: TEMPLATE,
    };
    await Promise.all(
      cluster.nodes.map(async (node) => {
        const platform = testLogin(cluster, node, PLATFORM, 'postgres');
        await setForTests(platform);
        for (const [user, password] of Object.entries(passwords))
          await storeCheaply(platform, user, password);
        await createTemplate(platform);
      }),
    );
    return cluster;
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

/**
 * Autovacuum comes once a minute, in between whatever is tested then: tests that need its maps or statistics ask for them. And Citus
 * looks every five seconds whether a job has been scheduled, for which every test of a rebalance would wait. What is logged ahead may
 * lie in memory.
 */
async function setForTests(platform: ConnectionTarget): Promise<void> {
  await withClient(platform, async (client) => {
    await client.query('ALTER SYSTEM SET autovacuum = off');
    await client.query("ALTER SYSTEM SET citus.background_task_queue_interval = '500ms'");
    await client.query("ALTER SYSTEM SET max_wal_size = '512MB'");
    await client.query("ALTER SYSTEM SET citus.executor_slow_start_interval = '1s'");
    await client.query('SELECT pg_reload_conf()');
  });
}

/** A password of which a login proves the knowledge in one round of hashing instead of 4,096, which every new session takes. */
async function storeCheaply(platform: ConnectionTarget, user: string, password: string): Promise<void> {
  const salt = randomBytes(16);
  const key = pbkdf2Sync(password, salt, 1, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const stored = createHash('sha256').update(sign('Client Key')).digest('base64');
  const secret = `SCRAM-SHA-256$1:${salt.toString('base64')}$${stored}:${sign('Server Key').toString('base64')}`;
  await withClient(platform, (client) =>
    client.query(`ALTER ROLE ${escapeIdentifier(user)} PASSWORD ${escapeLiteral(secret)}`),
  );
}

async function createTemplate(platform: ConnectionTarget): Promise<void> {
  await createDatabase(platform, TEMPLATE, { citus: true });
  await withClient(platform, async (client) => {
    await client.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
    // Citus looks after every database that it is in, and one that somebody is connected to cannot be copied.
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      TEMPLATE,
    ]);
  });
}
