import { takeDownCluster } from './cluster-directory';
import type { Logins } from './logins';
import type { ServerNode, ServerSet } from './server-set';

/** The name of the first server of a cluster. */
export const COORDINATOR = 'coordinator';

/** How one server runs: as processes of this machine, or as a container. */
export interface ServerHost {
  start(name: string): Promise<ServerNode>;
  /** Ends servers that may have started or not, with all they hold. */
  remove(names: readonly string[]): Promise<void>;
  /** Writes what libpq reads on each node when it logs in to another one. */
  writePasswords(nodes: readonly ServerNode[]): Promise<void>;
  /** Which of the nodes ended by itself, and how; undefined while all of them run. */
  lost(nodes: readonly ServerNode[]): Promise<string | undefined>;
}

/** The servers that a host runs for the cluster in `directory`. */
export function serverSet(directory: string, logins: Logins, host: ServerHost): ServerSet {
  const nodes: ServerNode[] = [];
  let stopping = false;
  return {
    directory,
    login: (node, as, database) => logins.to(node, as, database),
    async start(names) {
      const tried = await Promise.allSettled(names.map((name) => host.start(name)));
      const failed = tried.find((one) => one.status === 'rejected');
      if (failed !== undefined) {
        await host.remove(names);
        throw failed.reason;
      }
      const started = tried.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
      nodes.push(...started);
      return started;
    },
    async setLogin(role, password) {
      await logins.set(nodes, role, password);
      await host.writePasswords(nodes);
    },
    async dropLogin(role) {
      await logins.drop(nodes, role);
      await host.writePasswords(nodes);
    },
    lost: async () => (stopping ? undefined : host.lost(nodes)),
    async stop() {
      stopping = true;
      await takeDownCluster(directory);
    },
  };
}
