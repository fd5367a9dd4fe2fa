import type { ConnectionTarget } from '../../lib/connection';
import { randomPassword } from './logins';
import { keepCluster } from './cluster-directory';
import type { ClusterAccess, EngineName, LocalCluster } from './engine';
import {
  addNodes,
  createDatabase,
  DATABASE,
  LOGIN,
  makeAdministrator,
  PLATFORM,
  registerCoordinator,
  setShardHosting,
} from './platform';
import { COORDINATOR } from './server-host';
import type { ServerNode, ServerSet } from './server-set';

export interface LocalClusterOptions {
  readonly citus: boolean;
  /** @default - `citus` logs in to `citus` */
  readonly access?: ClusterAccess | undefined;
}

/**
 * Starts a coordinator that is a cluster by itself, and plays the platform for it. Takes the servers down when that
 * fails.
 */
export async function startLocalCluster(
  engine: EngineName,
  servers: ServerSet,
  { citus, access }: LocalClusterOptions,
): Promise<LocalCluster> {
  const { login, database } = access ?? { login: LOGIN, database: DATABASE };
  const platform = (node: ServerNode): ConnectionTarget => servers.login(node, PLATFORM, database);
  const prepare = async (node: ServerNode): Promise<void> => {
    const maintenance = servers.login(node, PLATFORM, 'postgres');
    if (access !== undefined) await makeAdministrator(maintenance, login);
    await createDatabase(maintenance, database, { citus, owner: login });
  };
  try {
    await chooseLogin(servers, login);
    const [coordinator] = await servers.start([COORDINATOR]);
    if (coordinator === undefined) throw new Error('no coordinator was started');
    await prepare(coordinator);
    const nodes = [coordinator];
    /** Workers that run and are not part of the cluster: what an attempt that failed leaves for the next one. */
    const waiting: ServerNode[] = [];
    if (citus) await registerCoordinator(platform(coordinator), coordinator);
    return {
      engine,
      citus,
      scalable: citus,
      get coordinator() {
        return servers.login(coordinator, login, database);
      },
      nodes,
      directory: servers.directory,
      async addWorkers(count) {
        const running = nodes.length - 1 + waiting.length;
        const missing = Math.max(0, count - waiting.length);
        const names = Array.from({ length: missing }, (_, index) => `w${String(running + index)}`);
        waiting.push(...(await servers.start(names)));
        const joining = waiting.slice(0, count);
        await Promise.all(joining.map(prepare));
        await addNodes(platform(coordinator), joining);
        nodes.push(...waiting.splice(0, joining.length));
      },
      setLogin: (role, password) => servers.setLogin(role, password),
      dropLogin: (role) => servers.dropLogin(role),
      async setCoordinatorHoldsShards(holdsShards) {
        if (citus) await setShardHosting(platform(coordinator), coordinator, holdsShards);
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

/** Has the servers let in another login than `citus`, from their start. */
async function chooseLogin(servers: ServerSet, login: string): Promise<void> {
  if (login === LOGIN) return;
  await servers.setLogin(login, randomPassword());
  await servers.dropLogin(LOGIN);
}
