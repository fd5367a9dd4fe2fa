import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { startLocalCluster } from '../../scripts/local/engines/local-cluster';
import { findNative } from '../../scripts/local/engines/native';
import { DATABASE, PLATFORM } from '../../scripts/local/engines/platform';
import { asUser } from '../../scripts/local/engines/postgres-binaries';
import { LOOPBACK } from '../../scripts/local/engines/ports';
import { createServerProcesses } from '../../scripts/local/engines/server-processes';

const run = promisify(execFile);

/** Milliseconds a killed server's last backends may hold its shared memory before it can start again. */
const RESTART_PATIENCE_MS = 60_000;

/** A coordinator and two workers whose servers can be killed and started again. */
export interface FaultyCluster {
  /** The login `citus`, on the coordinator. */
  readonly target: ConnectionTarget;
  /** Coordinator first. */
  readonly names: readonly string[];
  /** The superuser's login to one server: for looking, and for what the platform does. */
  platform(name: string): ConnectionTarget;
  /** `kill -9` of a server's postmaster and of every process it started, at once: as when a machine stops. */
  kill(name: string): void;
  /**
   * Stops a server's postmaster and every process it started, as a machine that swaps or a host that moves does: connections stay open, and
   * nothing answers.
   *
   * @returns lets them go on
   */
  freeze(name: string): () => void;
  /** Starts a killed server on its old port, and waits until it takes connections. */
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error in one line where this machine has no PostgreSQL with Citus */
export async function startFaultyCluster(): Promise<FaultyCluster> {
  const { installation } = await findNative();
  const { binaries, user } = installation;
  const servers = await createServerProcesses({ installation, citus: true });
  const cluster = await startLocalCluster('native', servers, { citus: true });
  const dataDirectory = (name: string): string => join(servers.directory, 'servers', name);
  const postmaster = (name: string): number =>
    Number(readFileSync(join(dataDirectory(name), 'postmaster.pid'), 'utf8').split('\n')[0]);
  const frozen = new Set<() => void>();
  try {
    await cluster.addWorkers(2);
    const nodes = new Map(cluster.nodes.map((node) => [node.name, node]));
    const platform = (name: string): ConnectionTarget => {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`no server ${name}`);
      return servers.login({ ...node, host: LOOPBACK, publishedPort: node.port }, PLATFORM, DATABASE);
    };
    for (const name of nodes.keys()) {
      await withClient(platform(name), async (client) => {
        // A commit that was answered must be there after the kill. Only the operating system's own end would need fsync.
        await client.query("ALTER SYSTEM SET synchronous_commit TO 'on'");
        await client.query('SELECT pg_reload_conf()');
      });
    }
    return {
      target: cluster.coordinator,
      names: [...nodes.keys()],
      platform,
      kill(name) {
        const pid = postmaster(name);
        // Stopped first, so that it starts nobody between the look and the kill. Left alone, its sessions would finish
        // their statements, and a server would end more gently than it does in life.
        process.kill(pid, 'SIGSTOP');
        for (const each of [...childrenOf(pid), pid]) signal(each, 'SIGKILL');
      },
      freeze(name) {
        const pid = postmaster(name);
        process.kill(pid, 'SIGSTOP');
        const all = [...childrenOf(pid), pid];
        for (const each of all) signal(each, 'SIGSTOP');
        const thaw = (): void => {
          if (frozen.delete(thaw)) for (const each of all) signal(each, 'SIGCONT');
        };
        frozen.add(thaw);
        return thaw;
      },
      async restart(name) {
        const deadline = Date.now() + RESTART_PATIENCE_MS;
        for (;;) {
          try {
            await run(
              join(binaries.binDirectory, 'pg_ctl'),
              [
                '-D',
                dataDirectory(name),
                '-l',
                join(dataDirectory(name), 'restarted.log'),
                '-w',
                '-t',
                '60',
                'start',
              ],
              {
                ...asUser(user),
                cwd: '/',
                env: {
                  PATH: '/usr/bin:/bin',
                  LC_ALL: 'C',
                  TZ: 'UTC',
                  PGPASSFILE: join(servers.directory, 'servers', 'passwords'),
                },
              },
            );
            return;
          } catch (error) {
            if (Date.now() > deadline) throw error;
            await sleep(100);
          }
        }
      },
      async stop() {
        for (const thaw of [...frozen]) thaw();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // A session that ended by itself in the meantime.
  }
}
