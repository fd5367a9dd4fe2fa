import type { ClusterBackend, ClusterShape } from '../azure/postgresql/cluster-backend';
import type { LocalCluster } from '../engines/engine';
import { LOGIN } from '../engines/platform';

/** Clusters of an engine of this machine behind the clusters of the stand-in. */
export interface EngineClusters extends ClusterBackend {
  /** What stands behind a cluster, by its resource id. */
  clusterOf(id: string): LocalCluster | undefined;
  /** Those that run, in the order they were made. */
  running(): readonly LocalCluster[];
  /** Takes everything down, also what is only starting. */
  stop(): Promise<void>;
}

/**
 * Makes a real cluster for each that Terraform asks for: the login `citus` has the password that Terraform sent, the
 * workers are started and added as the platform does it. On plain PostgreSQL there is only the one node, however many
 * the books of the stand-in list.
 *
 * @param start makes a single node that holds shards, with a password of its own
 */
export function engineClusters(start: () => Promise<LocalCluster>): EngineClusters {
  const clusters = new Map<string, LocalCluster>();
  /** All that run, those that are not finished yet included, and those that are about to. */
  const alive = new Set<LocalCluster>();
  const starting = new Set<Promise<LocalCluster>>();
  let stopped = false;

  const get = (id: string): LocalCluster => {
    const cluster = clusters.get(id.toLowerCase());
    if (cluster === undefined) throw new Error(`Nothing stands behind ${id}: it was made by another run.`);
    return cluster;
  };
  const startOne = async (): Promise<LocalCluster> => {
    if (stopped) throw new Error(TAKEN_DOWN);
    const started = start();
    starting.add(started);
    try {
      const cluster = await started;
      alive.add(cluster);
      return cluster;
    } finally {
      starting.delete(started);
    }
  };
  const stopOne = async (cluster: LocalCluster): Promise<void> => {
    alive.delete(cluster);
    await cluster.stop();
  };
  const remove = async (id: string): Promise<void> => {
    const cluster = clusters.get(id.toLowerCase());
    clusters.delete(id.toLowerCase());
    if (cluster !== undefined) await stopOne(cluster);
  };

  return {
    async create({ password, ...shape }) {
      await remove(shape.id);
      const cluster = await startOne();
      try {
        await cluster.setLogin(LOGIN, password);
        await bringTo(cluster, shape);
        if (!alive.has(cluster)) throw new Error(TAKEN_DOWN);
      } catch (error) {
        await stopOne(cluster);
        throw error;
      }
      clusters.set(shape.id.toLowerCase(), cluster);
    },
    scale: async (shape) => bringTo(get(shape.id), shape),
    setPassword: async ({ id, password }) => get(id).setLogin(LOGIN, password),
    createRole: async ({ clusterId, name, password }) => get(clusterId).setLogin(name, password),
    dropRole: async ({ clusterId, name }) => get(clusterId).dropLogin(name),
    remove,
    locate(id) {
      const coordinator = clusters.get(id.toLowerCase())?.coordinator;
      return coordinator && { host: coordinator.host, port: coordinator.port };
    },
    clusterOf: (id) => clusters.get(id.toLowerCase()),
    running: () => [...clusters.values()],
    async stop() {
      stopped = true;
      const late = await Promise.allSettled(starting);
      for (const one of late) if (one.status === 'fulfilled') alive.add(one.value);
      clusters.clear();
      await Promise.all([...alive].map(stopOne));
    },
  };
}

const TAKEN_DOWN = 'The stand-in is being taken down.';

async function bringTo(cluster: LocalCluster, shape: ClusterShape): Promise<void> {
  if (!cluster.citus) return;
  const missing = shape.nodeCount - (cluster.nodes.length - 1);
  if (missing > 0) await cluster.addWorkers(missing);
  await cluster.setCoordinatorHoldsShards(shape.coordinatorHoldsShards);
}
