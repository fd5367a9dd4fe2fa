import type { ConnectionTarget } from '../../lib/connection';
import { keepCluster } from './cluster-directory';
import type { EngineName, LocalCluster } from './engine';
import { addNodes, createDatabase, DATABASE, LOGIN, PLATFORM, registerCoordinator } from './platform';
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
  const startNodes = async (names: readonly string[]): Promise<ServerNode[]> => {
    const started = await servers.start(names);
    await Promise.all(
      started.map((node) => createDatabase(servers.login(node, PLATFORM, 'postgres'), DATABASE, options)),
    );
    return started;
  };
  try {
    const [coordinator] = await startNodes(['coordinator']);
    if (coordinator === undefined) throw new Error('no coordinator was started');
    const nodes = [coordinator];
    if (options.citus) await registerCoordinator(platform(coordinator), coordinator);
    return {
      engine,
      citus: options.citus,
      scalable: options.citus,
      coordinator: servers.login(coordinator, LOGIN, DATABASE),
      nodes,
      directory: servers.directory,
      async addWorkers(count) {
        const workers = await startNodes(
          Array.from({ length: count }, (_, index) => `w${String(nodes.length - 1 + index)}`),
        );
        await addNodes(platform(coordinator), workers);
        nodes.push(...workers);
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
