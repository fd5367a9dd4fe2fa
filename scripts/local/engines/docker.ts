import type { ExecFileException } from 'node:child_process';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionTarget } from '../../lib/connection';
import { withClient } from '../../lib/connection';
import { ScaleoutError } from '../../lib/errors';
import type { Reporter } from '../../lib/reporter';
import { probeSafely } from './choose-engine';
import { createClusterDirectory, takeDownCluster } from './cluster-directory';
import type { Availability, Engine } from './engine';
import { startLocalCluster } from './local-cluster';
import { Logins } from './logins';
import { PLATFORM } from './platform';
import { requireFree } from './ports';
import type { ServerHost } from './server-host';
import { COORDINATOR, serverSet } from './server-host';
import type { ServerNode, ServerSet, ServerSetOptions } from './server-set';
import { startWatchdog } from './watchdog';

const IMAGE = 'citusdata/citus:12.1';

/** Seconds a reachable engine takes to answer, and a container to take connections. */
const PROBE_TIMEOUT_S = 3;
const READY_TIMEOUT_S = 120;

/** Settings the image leaves at PostgreSQL's defaults; the containers are thrown away, so nothing is synced. */
const SETTINGS = {
  wal_level: 'logical',
  max_worker_processes: '64',
  max_wal_senders: '40',
  max_replication_slots: '40',
  fsync: 'off',
  // On a disk that syncs nothing it costs little, and without it logical moves of Citus lose acknowledged writes.
  synchronous_commit: 'on',
  full_page_writes: 'off',
  max_wal_size: '4GB',
  'citus.node_conninfo': 'sslmode=prefer',
};

/** A coordinator and its workers as containers, on a network of their own, published on loopback. */
export const dockerEngine: Engine = {
  name: 'docker',
  probe: (needs) =>
    probeSafely(async (): Promise<Availability> => {
      const host = process.env['DOCKER_HOST'] ?? '';
      if (/^(tcp|ssh|https?):/.test(host)) {
        return { available: false, reason: 'DOCKER_HOST names an engine on another machine' };
      }
      try {
        const version = await docker(['version', '--format', '{{.Server.Version}}'], {
          timeoutS: PROBE_TIMEOUT_S,
        });
        if (needs !== undefined) {
          return { available: false, reason: `the image is ${IMAGE}, and each of its containers a host` };
        }
        return {
          available: true,
          detail: `Docker ${version}, image ${IMAGE}`,
          start: async (reporter, access, coordinatorPort) =>
            startLocalCluster('docker', await createContainers({ coordinatorPort }, reporter), {
              citus: true,
              access,
            }),
          servers: createContainers,
        };
      } catch (error) {
        const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        return {
          available: false,
          reason: missing ? 'docker is not installed' : 'no Docker engine answers',
        };
      }
    }),
};

/** Makes the network the containers talk on, and pulls the image where it is missing. Starts no container yet. */
async function createContainers(options: ServerSetOptions, reporter: Reporter): Promise<ServerSet> {
  const label = randomBytes(6).toString('hex');
  const directory = createClusterDirectory({
    dockerLabel: label,
    ...(options.owner === undefined ? {} : { owner: options.owner }),
  });
  try {
    startWatchdog(directory);
    await pullImage(reporter);
    await docker(['network', 'create', `--label=scaleout.cluster=${label}`, `scaleout-${label}`]);
  } catch (error) {
    await takeDownCluster(directory);
    throw error;
  }
  const logins = new Logins();
  return serverSet(directory, logins, containerHost(label, logins, options));
}

function containerHost(
  label: string,
  logins: Logins,
  { maxConnections = 100, coordinatorPort }: ServerSetOptions,
): ServerHost {
  const containerOf = (name: string): string => `scaleout-${label}-${name}`;
  const writePasswords = async (nodes: readonly Pick<ServerNode, 'name'>[]): Promise<void> => {
    const write = ['sh', '-c', 'umask 077; cat > ~postgres/.pgpass'];
    for (const { name } of nodes) {
      await docker(['exec', '--interactive', '--user=postgres', containerOf(name), ...write], {
        input: logins.passwordFile(),
      });
    }
  };
  return {
    async start(name) {
      const container = containerOf(name);
      const port = name === COORDINATOR ? coordinatorPort : undefined;
      if (port !== undefined) await requireFree(port);
      await docker(runArguments(label, name, container, { maxConnections, port }), {
        environment: { POSTGRES_PASSWORD: logins.platformPassword },
      });
      const published = await docker(['port', container, '5432/tcp']);
      const publishedPort = Number(/:(\d+)$/.exec(published.split('\n')[0]?.trim() ?? '')?.[1]);
      const node: ServerNode = { name, host: name, port: 5432, publishedPort };
      await waitUntilReady(container, logins.to(node, PLATFORM, 'postgres'));
      await writePasswords([node]);
      await logins.introduceTo(node);
      return node;
    },
    async remove(names) {
      await docker(['rm', '--force', '--volumes', ...names.map(containerOf)]).catch(() => undefined);
    },
    writePasswords,
    async lost(nodes) {
      const filter = `--filter=label=scaleout.cluster=${label}`;
      const running = (await docker(['ps', filter, '--format={{.Names}}'])).split('\n');
      const gone = nodes.map(({ name }) => containerOf(name)).find((name) => !running.includes(name));
      return gone === undefined ? undefined : `the container ${gone} ended by itself`;
    },
  };
}

function runArguments(
  label: string,
  name: string,
  container: string,
  { maxConnections, port }: { readonly maxConnections: number; readonly port: number | undefined },
): string[] {
  const settings = { ...SETTINGS, max_connections: String(maxConnections) };
  return [
    'run',
    '--detach',
    `--name=${container}`,
    `--label=scaleout.cluster=${label}`,
    `--network=scaleout-${label}`,
    `--network-alias=${name}`,
    `--publish=127.0.0.1:${port === undefined ? '' : String(port)}:5432`,
    '--shm-size=512m',
    // Named without a value: docker takes it from its own environment, and no argument shows it.
    '--env=POSTGRES_PASSWORD',
    IMAGE,
    'postgres',
    ...Object.entries(settings).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]),
  ];
}

async function pullImage(reporter: Reporter): Promise<void> {
  const present = await docker(['image', 'inspect', '--format={{.Id}}', IMAGE]).catch(() => undefined);
  if (present !== undefined) return;
  reporter.info(`pulling ${IMAGE}; the first time this takes a while`);
  await docker(['pull', '--quiet', IMAGE]);
}

async function waitUntilReady(container: string, target: ConnectionTarget): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_S * 1000;
  for (;;) {
    try {
      // The image's first server, which sets the data up, does not listen on the network: an answer is the real one's.
      await withClient(target, (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        const log = await docker(['logs', '--tail=3', container]).catch(() => '');
        throw new ScaleoutError(
          'local.server-failed',
          `the container ${container} took no connection within ${String(READY_TIMEOUT_S)} s: ${log.replaceAll('\n', ' ')}`,
          { cause: error },
        );
      }
      await sleep(250);
    }
  }
}

interface DockerOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutS?: number;
}

/** Runs the docker command and returns what it printed. */
async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error === null) resolve(stdout.trim());
      else if (error.code === 'ENOENT' || options.timeoutS !== undefined)
        reject(Object.assign(new Error(error.message), { code: error.code }));
      else {
        reject(
          new ScaleoutError(
            'local.server-failed',
            `docker ${args[0] ?? ''} failed: ${stderr.trim() || error.message}`,
            {
              cause: error,
            },
          ),
        );
      }
    };
    const child = execFile(
      'docker',
      [...args],
      {
        env: { ...process.env, ...options.environment },
        timeout: (options.timeoutS ?? 0) * 1000,
      },
      done,
    );
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}
