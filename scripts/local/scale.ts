import { readNodes } from '../citus/nodes';
import type { Node } from '../citus/nodes';
import type { ConnectionTarget } from '../lib/connection';
import { withAdvisoryLock, withClient } from '../lib/connection';
import { explain, refused } from '../lib/errors';
import { count } from '../lib/reporter';
import type { VerbContext, VerbResult } from '../lib/verb';
import { requireUp, thisMachine } from './commands';
import type { UpState } from './engines/local-state';
import { findNative, WANTED_POSTGRES } from './engines/native';
import { addNodes, createDatabase, PLATFORM } from './engines/platform';
import { openServerProcesses, serverVersion } from './engines/server-processes';
import type { ServerNode, ServerSet } from './engines/server-set';
import { requireWorkers } from './prepared';
import type { LocalWorld } from './run';

export interface LocalScaleDocument {
  readonly formatVersion: 1;
  /** Those that there are now, the coordinator first. */
  readonly nodes: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  /** Names of those that were added. */
  readonly added: readonly string[];
}

/**
 * Adds workers to the cluster that `local up` keeps running, as the platform does when a cluster is scaled out: servers with the same logins and
 * settings become part of its metadata, and no data moves. Broken off, it goes on where it was.
 *
 * @param workers how many there are to be in all
 * @throws ScaleoutError where none is up, or its nodes are not this program's to add
 */
export async function localScale(
  { reporter }: VerbContext,
  { workers }: { readonly workers: number },
  world: LocalWorld = thisMachine(),
): Promise<VerbResult<LocalScaleDocument>> {
  requireWorkers(workers, 'say how many there are to be in all');
  const { state } = requireUp(world);
  const { directory } = state;
  if (state.engine !== 'native' || directory === undefined) throw notScalable(state);
  const version = serverVersion(directory);
  const { installation } = await findNative({ ...world.environment, [WANTED_POSTGRES]: version }).catch(
    (error: unknown) => {
      throw refused(
        'local.unsupported',
        `the cluster runs PostgreSQL ${version}, and its programs are not on this machine any more: ${explain(error)}`,
      );
    },
  );
  // The login of the cluster sees its nodes; adding some is the platform's.
  const open = openServerProcesses(directory, installation, 0);
  const coordinator: ServerNode = {
    name: 'coordinator',
    host: state.connection.host,
    port: state.connection.port,
    publishedPort: state.connection.port,
  };
  const platform = open.login(coordinator, PLATFORM, state.connection.database);
  const added = await withClient(platform, (client) =>
    withAdvisoryLock(client, 'local', async () => {
      const nodes = await readNodes(client);
      const there = nodes.filter(({ groupId }) => groupId !== 0).length;
      if (there > workers) throw fewer(there, workers);
      if (there === workers) return [];
      const names = Array.from({ length: workers - there }, (_, index) => `w${String(there + index)}`);
      reporter.heading(`${count(names.length)} ${names.length === 1 ? 'worker' : 'workers'} more`);
      const above = Math.max(...nodes.map(({ port }) => port));
      const servers = openServerProcesses(directory, installation, above);
      await join(servers, { platform, state, nodes }, names);
      return names;
    }),
  );
  const nodes = await withClient(platform, readNodes);
  return {
    document: {
      formatVersion: 1,
      nodes: nodes.map(({ label, name, port }) => ({ name: label, host: name, port })),
      added,
    },
    text:
      added.length === 0
        ? `The cluster has ${count(workers)} workers already.`
        : `${added.join(', ')} joined: a coordinator and ${count(workers)} workers. No data has moved: \`tables apply\` puts what it distributes on all nodes, \`rebalance run\` moves what is distributed already.`,
    outcome: 'done',
  };
}

interface Joining {
  readonly platform: ConnectionTarget;
  readonly state: UpState;
  readonly nodes: readonly Node[];
}

/** One after the other, so that what was broken off has added some of them, or none. */
async function join(
  servers: ServerSet,
  { platform, state }: Joining,
  names: readonly string[],
): Promise<void> {
  const { database, user } = state.connection;
  for (const node of await servers.start(names)) {
    await createDatabase(servers.login(node, PLATFORM, 'postgres'), database, { citus: true, owner: user });
    await addNodes(platform, [node]);
  }
}

function fewer(there: number, workers: number): Error {
  return refused(
    'local.unsupported',
    `the cluster has ${String(there)} workers, and ${String(workers)} are fewer: nodes are added and, as on Azure, never taken away; take the cluster down and start another. Nothing was changed`,
  );
}

function notScalable({ engine }: UpState): Error {
  const why = {
    'citus-url': 'is somebody else’s, who adds its nodes',
    embedded: 'has no Citus, and therefore no workers',
    docker: 'runs in containers, which `local up --workers` starts all at once',
    native: 'is not in a directory of this machine',
  }[engine];
  return refused(
    'local.unsupported',
    `the cluster of \`local up\` (${engine}) ${why}: take it down and start another with --workers. Nothing was changed`,
  );
}
