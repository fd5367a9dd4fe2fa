import type { ConnectionTarget } from '../../lib/connection';
import { keepCluster } from './cluster-directory';
import type { EngineName, LocalCluster } from './engine';
import {
  addNodes,
  createDatabase,
  DATABASE,
  LOGIN,
  PLATFORM,
  registerCoordinator,
  setShardHosting,
} from './platform';
import type { ServerNode, ServerSet } from './server-set';

/**
 * Starts a coordinator that is a cluster by itself, and plays the platform for it. Takes the servers down when that
 * fails.
 */
export async function startLocalCluster(
  engine: EngineName,
  servers: ServerSet,
  options: { readonly citus: boolean },
): Promise<LocalCluster> {
  const platform = (node: ServerNode): ConnectionTarget => servers.login(node, PLATFORM, DATABASE);
  const createDatabases = (on: readonly ServerNode[]): Promise<unknown> =>
    Promise.all(
      on.map((node) => createDatabase(servers.login(node, PLATFORM, 'postgres'), DATABASE, options)),
    );
  try {
    const [coordinator] = await servers.start(['coordinator']);
    if (coordinator === undefined) throw new Error('no coordinator was started');
    await createDatabases([coordinator]);
    const nodes = [coordinator];
    /** Workers that run and are not part of the cluster: what an attempt that failed leaves for the next one. */
    const waiting: ServerNode[] = [];
    if (options.citus) await registerCoordinator(platform(coordinator), coordinator);
    return {
      engine,
      citus: options.citus,
      scalable: options.citus,
      get coordinator() {
        return servers.login(coordinator, LOGIN, DATABASE);
      },
      nodes,
      directory: servers.directory,
      async addWorkers(count) {
        const running = nodes.length - 1 + waiting.length;
        const missing = Math.max(0, count - waiting.length);
        const names = Array.from({ length: missing }, (_, index) => `w${String(running + index)}`);
        waiting.push(...(await servers.start(names)));
        const joining = waiting.slice(0, count);
        await createDatabases(joining);
        await addNodes(platform(coordinator), joining);
        nodes.push(...waiting.splice(0, joining.length));
      },
      setLogin: (role, password) => servers.setLogin(role, password),
      dropLogin: (role) => servers.dropLogin(role),
      async setCoordinatorHoldsShards(holdsShards) {
        if (options.citus) await setShardHosting(platform(coordinator), coordinator, holdsShards);
      },
      lost: () => servers.lost(),
      keep: (stateFile) => {
        keepCluster(servers.directory, stateFile);
      },
      stop: () => servers.stop(),
    };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}
