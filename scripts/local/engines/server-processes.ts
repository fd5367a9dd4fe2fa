import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClusterDirectory, takeDownCluster } from './cluster-directory';
import { Logins } from './logins';
import { AscendingPorts, LOOPBACK } from './ports';
import { copyBinaries, knownSettings } from './postgres-binaries';
import type { Installation, PostgresServer, Settings } from './postgres-server';
import { copyDataDirectory, initializeDataDirectory, startServer, writePrivateFile } from './postgres-server';
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
    ...(user === undefined ? {} : { serverUser: user }),
  });
  const logins = new Logins();
  const servers: (PostgresServer & { readonly node: ServerNode })[] = [];
  let stopping = false;
  try {
    startWatchdog(directory);
    const installation = reachable(options, directory);
    // A folder of its own, because the cluster's belongs to this user and the servers may run as another.
    const files = join(directory, 'servers');
    mkdirSync(files, { mode: 0o700 });
    if (user !== undefined) chownSync(files, user.uid, user.gid);
    const template = join(files, 'template');
    await initializeDataDirectory(
      installation,
      template,
      logins.platformPassword,
      await settingsFor(options, installation),
    );
    const passwordFile = join(files, 'passwords');
    const writePasswords = (): void => writePrivateFile(passwordFile, logins.passwordFile(), user);
    writePasswords();

    const ports = new AscendingPorts();
    const startOne = async (name: string): Promise<(typeof servers)[number]> => {
      const findPort = ports.find();
      const dataDirectory = join(files, name);
      await copyDataDirectory(installation, template, dataDirectory);
      const server = await startServer(installation, {
        name,
        dataDirectory,
        logFile: join(directory, `${name}.log`),
        findPort,
        environment: { PGPASSFILE: passwordFile },
      });
      const node: ServerNode = { name, host: LOOPBACK, port: server.port, publishedPort: server.port };
      await logins.introduceTo(node);
      return { ...server, node };
    };
    const removeOne = async (name: string): Promise<void> => {
      await endProcessesIn(join(files, name));
      rmSync(join(files, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    };
    const nodes = (): ServerNode[] => servers.map(({ node }) => node);
    return {
      directory,
      login: (node, as, database) => logins.to(node, as, database),
      async start(names) {
        const tried = await Promise.allSettled(names.map(startOne));
        const failed = tried.find((one) => one.status === 'rejected');
        if (failed !== undefined) {
          await Promise.all(names.map(removeOne));
          throw failed.reason;
        }
        const started = tried.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
        servers.push(...started);
        return started.map(({ node }) => node);
      },
      async setLogin(role, password) {
        await logins.set(nodes(), role, password);
        writePasswords();
      },
      async dropLogin(role) {
        await logins.drop(nodes(), role);
        writePasswords();
      },
      lost() {
        const lost = stopping ? undefined : servers.find((server) => server.lost() !== undefined);
        return Promise.resolve(
          lost === undefined ? undefined : `the ${lost.name} server ended by itself (${lost.lost() ?? ''})`,
        );
      },
      async stop() {
        stopping = true;
        await takeDownCluster(directory);
      },
    };
  } catch (error) {
    await takeDownCluster(directory);
    throw error;
  }
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
