import type {
  ClusterBackend,
  ClusterName,
  NewCluster,
  ClusterShape,
  RoleName,
  ServerAddress,
} from '../azure/postgresql/cluster-backend';
import type { ClusterAccess, LocalCluster } from '../engines/engine';
import { LOGIN } from '../engines/platform';

/** Makes a single node that holds shards, with a password of its own; by default `citus` logs in to `citus`. */
export type StartNode = (access?: ClusterAccess) => Promise<LocalCluster>;

/**
 * Clusters of an engine of this machine behind the clusters of the stand-in. Each that Terraform asks for is real: its
 * login, `citus` or the administrator of an elastic cluster, has the password that Terraform sent, the workers are started and added as the platform does it. On
 * plain PostgreSQL there is only the one node, however many the books of the stand-in list.
 */
export class EngineClusters implements ClusterBackend {
  readonly #startNode: StartNode;
  readonly #clusters = new Map<string, LocalCluster>();
  /** All that run, those that are not finished yet included, and those that are about to. */
  readonly #alive = new Set<LocalCluster>();
  readonly #starting = new Set<Promise<LocalCluster>>();
  #stopped = false;

  constructor(startNode: StartNode) {
    this.#startNode = startNode;
  }

  async create({ password, elastic, ...shape }: NewCluster): Promise<void> {
    await this.remove(shape.id);
    const cluster = await this.#start(elastic);
    try {
      await cluster.setLogin(elastic?.login ?? LOGIN, password);
      await bringTo(cluster, shape);
      if (!this.#alive.has(cluster)) throw new Error(TAKEN_DOWN);
    } catch (error) {
      await this.#stopOne(cluster);
      throw error;
    }
    this.#clusters.set(shape.id.toLowerCase(), cluster);
  }

  async scale(shape: ClusterShape): Promise<void> {
    await bringTo(this.#get(shape.id), shape);
  }

  async setPassword({
    id,
    password,
    login = LOGIN,
  }: ClusterName & { readonly password: string; readonly login?: string }): Promise<void> {
    await this.#get(id).setLogin(login, password);
  }

  async createRole(role: RoleName & { readonly password: string }): Promise<void> {
    await this.#get(role.clusterId).setLogin(role.name, role.password);
  }

  async dropRole({ clusterId, name }: RoleName): Promise<void> {
    await this.#get(clusterId).dropLogin(name);
  }

  async remove(id: string): Promise<void> {
    const cluster = this.clusterOf(id);
    this.#clusters.delete(id.toLowerCase());
    if (cluster !== undefined) await this.#stopOne(cluster);
  }

  locate(id: string): ServerAddress | undefined {
    const coordinator = this.clusterOf(id)?.coordinator;
    return coordinator && { host: coordinator.host, port: coordinator.port };
  }

  /** What stands behind a cluster, by its resource id. */
  clusterOf(id: string): LocalCluster | undefined {
    return this.#clusters.get(id.toLowerCase());
  }

  /** Those that run, in the order they were made. */
  running(): readonly LocalCluster[] {
    return [...this.#clusters.values()];
  }

  /** Takes everything down, also what is only starting. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const late = await Promise.allSettled(this.#starting);
    for (const one of late) if (one.status === 'fulfilled') this.#alive.add(one.value);
    this.#clusters.clear();
    await Promise.all([...this.#alive].map((cluster) => this.#stopOne(cluster)));
  }

  #get(id: string): LocalCluster {
    const cluster = this.clusterOf(id);
    if (cluster === undefined) throw new Error(`Nothing stands behind ${id}: it was made by another run.`);
    return cluster;
  }

  async #start(access: ClusterAccess | undefined): Promise<LocalCluster> {
    if (this.#stopped) throw new Error(TAKEN_DOWN);
    const started = this.#startNode(access);
    this.#starting.add(started);
    try {
      const cluster = await started;
      this.#alive.add(cluster);
      return cluster;
    } finally {
      this.#starting.delete(started);
    }
  }

  async #stopOne(cluster: LocalCluster): Promise<void> {
    this.#alive.delete(cluster);
    await cluster.stop();
  }
}

const TAKEN_DOWN = 'The stand-in is being taken down.';

async function bringTo(cluster: LocalCluster, shape: ClusterShape): Promise<void> {
  if (!cluster.citus) return;
  const missing = shape.nodeCount - (cluster.nodes.length - 1);
  if (missing > 0) await cluster.addWorkers(missing);
  await cluster.setCoordinatorHoldsShards(shape.coordinatorHoldsShards);
}
