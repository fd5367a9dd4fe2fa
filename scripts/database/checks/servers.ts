import { escapeIdentifier } from 'pg';
import { someOf } from '../../../config/text/text';
import { allowedPlugins, FEWEST_WORKER_PROCESSES } from '../../citus/replication-servers';
import type { ReplicationServer } from '../../citus/replication-servers';
import { showTable } from '../model/names';
import { finding } from './findings';
import type { Finding } from './findings';
import { copyMode } from '../target/copy-mode';
import type { TargetState } from '../target/target-state';

/** Tables and nodes that a message names. */
const NAMED = 8;

/** What servers lack that an online copy needs: it would fail after its foreign keys are dropped. Pure. */
export function serverFailures(target: TargetState): string[] {
  const { replicationServers: servers = [] } = target.live;
  const online = copiedOnline(target);
  if (online.length === 0) return [];
  const what = `the online copy of ${someOf(online, NAMED)}`;
  return lacking(servers).map(
    ({ lack, remedy }) => `${what} needs ${lack}: ${remedy}, or say online: false, and writes wait`,
  );
}

/** What nobody can tell of the servers, and a run would fail by. Pure. */
export function serverFindings(target: TargetState): Finding[] {
  const { replicationServers: servers = [], role } = target.live;
  const hidden = servers.find(({ pluginsHidden }) => pluginsHidden === true);
  const online = copiedOnline(target);
  if (hidden === undefined || online.length === 0) return [];
  return [
    finding(
      'hidden-setting',
      'output_plugin_libraries',
      `role ${role} may not see output_plugin_libraries on ${hidden.node}, and without citus in it the online copy of ${someOf(online, NAMED)} fails after its foreign keys ` +
        `are dropped. See it as an administrator (SHOW output_plugin_libraries), or GRANT pg_read_all_settings TO ${escapeIdentifier(role)} and plan again; or say online: false, and writes wait`,
      'allowance',
    ),
  ];
}

function copiedOnline(target: TargetState): string[] {
  return target
    .distributedTables()
    .filter(({ wanted, live }) => !target.isThere(wanted.table) && copyMode(target, live).online)
    .map(({ wanted }) => showTable(wanted.table));
}

interface Lack {
  readonly lack: string;
  readonly remedy: string;
}

/** The rows are on the coordinator, and each node that gets shards replays the changes of one slot. */
function lacking(servers: readonly ReplicationServer[]): Lack[] {
  const targets = servers.filter(({ shouldHaveShards }) => shouldHaveShards);
  const source = servers.find(({ groupId }) => groupId === 0);
  return [
    ...(source === undefined ? [] : lackingAtSource(source, targets.length)),
    ...below(targets, 'applyWorkers', 'max_logical_replication_workers', 1),
    ...below(servers, 'workerProcesses', 'max_worker_processes', FEWEST_WORKER_PROCESSES),
  ];
}

function lackingAtSource(source: ReplicationServer, targets: number): Lack[] {
  const { node, slots, slotsInUse, senders, sendersInUse } = source;
  const counted = (setting: string, most: number, inUse: number): Lack[] =>
    most - inUse >= targets
      ? []
      : [
          {
            lack: `${String(targets)} of ${setting} on ${node}, and ${String(inUse)} of ${String(most)} are in use`,
            remedy: `raise ${setting} and restart, or free some`,
          },
        ];
  const plugins = allowedPlugins(source);
  return [
    ...counted('max_replication_slots', slots, slotsInUse),
    ...counted('max_wal_senders', senders, sendersInUse),
    ...(plugins === undefined || plugins.includes('citus')
      ? []
      : [
          {
            lack: `citus among output_plugin_libraries on ${node}, which are ${plugins.join(', ')}`,
            remedy: 'add it there',
          },
        ]),
  ];
}

function below(
  servers: readonly ReplicationServer[],
  of: 'applyWorkers' | 'workerProcesses',
  setting: string,
  fewest: number,
): Lack[] {
  const few = servers.filter((server) => server[of] < fewest);
  if (few.length === 0) return [];
  return [
    {
      lack: `${setting} of at least ${String(fewest)}, and it is ${someOf(
        few.map((server) => `${String(server[of])} on ${server.node}`),
        NAMED,
      )}`,
      remedy: 'raise it and restart',
    },
  ];
}
