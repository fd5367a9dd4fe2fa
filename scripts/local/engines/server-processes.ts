import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClusterDirectory, takeDownCluster } from './cluster-directory';
import { Logins } from './logins';
import { AscendingPorts, LOOPBACK, requireFree } from './ports';
import { copyBinaries, knownSettings } from './postgres-binaries';
import type { Installation, PostgresServer, Settings } from './postgres-server';
import { copyDataDirectory, initializeDataDirectory, startServer, writePrivateFile } from './postgres-server';
import type { ServerHost } from './server-host';
import { COORDINATOR, serverSet } from './server-host';
import type { ServerNode, ServerSet, ServerSetOptions } from './server-set';
import { endProcessesIn } from './processes';
import { startWatchdog } from './watchdog';

export interface ServerProcessesOptions extends ServerSetOptions {
  readonly installation: Installation;
  readonly citus: boolean;
  /** A folder with bin, lib and share to copy first, for binaries the servers' user cannot reach. */
  readonly copyFrom?: string;
  /** Of the servers, over those they would have. */
  readonly settings?: Settings;
}

/** Lays out a directory for servers, and starts the watchdog that outlives this program. Starts no server yet. */
export async function createServerProcesses(options: ServerProcessesOptions): Promise<ServerSet> {
  const { user } = options.installation;
  const directory = createClusterDirectory({
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(options.parent === undefined ? {} : { parent: options.parent }),
    ...(user === undefined ? {} : { serverUser: user }),
  });
  try {
    startWatchdog(directory);
    const logins = new Logins();
    return serverSet(directory, logins, await processHost(options, directory, logins));
  } catch (error) {
    await takeDownCluster(directory);
    throw error;
  }
}

/**
 * The servers of a cluster that another program started and left running here: more of them can be started beside those.
 *
 * @param above the highest port that one of them has
 * @throws Error of the file system where the cluster is not of this machine's servers
 */
export function openServerProcesses(directory: string, installation: Installation, above: number): ServerSet {
  const files = join(directory, FILES);
  const logins = Logins.read(readFileSync(join(files, PASSWORDS), 'utf8'));
  const ports = new AscendingPorts(above + 1);
  return serverSet(directory, logins, startingHost({ installation, directory, logins, ports }));
}

/** The major version of PostgreSQL that the servers of a cluster here run. @throws Error of the file system where there are none */
export function serverVersion(directory: string): string {
  return readFileSync(join(directory, FILES, TEMPLATE, 'PG_VERSION'), 'utf8').trim();
}

const FILES = 'servers';
const TEMPLATE = 'template';
const PASSWORDS = 'passwords';

/** Prepares a data directory that every server starts as a copy of. */
async function processHost(
  options: ServerProcessesOptions,
  directory: string,
  logins: Logins,
): Promise<ServerHost> {
  const { coordinatorPort } = options;
  const { user } = options.installation;
  const installation = reachable(options, directory);
  // A folder of its own, because the cluster's belongs to this user and the servers may run as another.
  const files = join(directory, FILES);
  mkdirSync(files, { mode: 0o700 });
  if (user !== undefined) chownSync(files, user.uid, user.gid);
  const settings = await settingsFor(options, installation);
  await initializeDataDirectory(installation, join(files, TEMPLATE), logins.platformPassword, settings);
  writePrivateFile(join(files, PASSWORDS), logins.passwordFile(), user);
  const ports = new AscendingPorts(coordinatorPort === undefined ? undefined : coordinatorPort + 1);
  return startingHost({ installation, directory, logins, ports, coordinatorPort });
}

interface Starting {
  readonly installation: Installation;
  readonly directory: string;
  readonly logins: Logins;
  readonly ports: AscendingPorts;
  readonly coordinatorPort?: number | undefined;
}

function startingHost({ installation, directory, logins, ports, coordinatorPort }: Starting): ServerHost {
  const { user } = installation;
  const files = join(directory, FILES);
  const passwordFile = join(files, PASSWORDS);
  const servers = new Map<string, PostgresServer>();
  const firstLost = (nodes: readonly ServerNode[]): string | undefined => {
    const lost = nodes.map(({ name }) => servers.get(name)).find((server) => server?.lost() !== undefined);
    return lost && `the ${lost.name} server ended by itself (${lost.lost() ?? ''})`;
  };
  const remove = async (names: readonly string[]): Promise<void> => {
    for (const dataDirectory of names.map((name) => join(files, name))) {
      await endProcessesIn(dataDirectory);
      rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    }
  };
  return {
    async start(name) {
      const given = name === COORDINATOR ? coordinatorPort : undefined;
      const findPort = given === undefined ? ports.find() : () => requireFree(given);
      const dataDirectory = join(files, name);
      // What a killed program left of it.
      if (existsSync(dataDirectory)) await remove([name]);
      await copyDataDirectory(installation, join(files, TEMPLATE), dataDirectory);
      const server = await startServer(installation, {
        name,
        dataDirectory,
        logFile: join(directory, `${name}.log`),
        findPort,
        environment: { PGPASSFILE: passwordFile },
      });
      const node: ServerNode = { name, host: LOOPBACK, port: server.port, publishedPort: server.port };
      await logins.introduceTo(node);
      servers.set(name, server);
      return node;
    },
    remove,
    writePasswords() {
      writePrivateFile(passwordFile, logins.passwordFile(), user);
      return Promise.resolve();
    },
    lost: (nodes) => Promise.resolve(firstLost(nodes)),
  };
}

function reachable(options: ServerProcessesOptions, directory: string): Installation {
  const { installation, copyFrom } = options;
  if (copyFrom === undefined || installation.user === undefined) return installation;
  const binDirectory = copyBinaries(copyFrom, join(directory, 'postgres'), installation.user);
  return { ...installation, binaries: { ...installation.binaries, binDirectory } };
}

async function settingsFor(
  options: ServerProcessesOptions,
  { binaries, user }: Installation,
): Promise<Settings> {
  return {
    listen_addresses: LOOPBACK,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    max_connections: options.maxConnections ?? 100,
    // These clusters are thrown away: durability would only cost time. Commits are written before they are acknowledged all the
    // same, as a logical move of Citus loses those that are not.
    fsync: 'off',
    synchronous_commit: 'on',
    full_page_writes: 'off',
    max_wal_size: '4GB',
    checkpoint_timeout: '30min',
    ...(options.citus ? citusSettings(await knownSettings(binaries, user)) : {}),
    ...options.settings,
  };
}

/** What Citus needs of a server, and what Azure's servers have set. */
function citusSettings(known: ReadonlySet<string>): Settings {
  return {
    shared_preload_libraries: 'citus',
    wal_level: 'logical',
    // Every database has a maintenance daemon, a rebalance needs workers of its own: with too few it never starts.
    max_worker_processes: 64,
    max_logical_replication_workers: 16,
    max_wal_senders: 40,
    max_replication_slots: 40,
    // The nodes talk over loopback, where there is no TLS; each finds itself there as well.
    'citus.node_conninfo': 'sslmode=disable',
    'citus.local_hostname': LOOPBACK,
    // Newer minor releases let a role without superuser rights use only the decoders listed here.
    ...(known.has('output_plugin_libraries')
      ? { output_plugin_libraries: 'pgoutput, test_decoding, citus' }
      : {}),
  };
}
