import { z } from 'zod';

/** What a server has for logical replication, by which Citus copies online. */
export const replicationServer = z.object({
  slots: z.number(),
  slotsInUse: z.number(),
  senders: z.number(),
  sendersInUse: z.number(),
  /** Most processes that replay changes. */
  applyWorkers: z.number(),
  /** Most background processes of any kind. */
  workerProcesses: z.number(),
  /** Libraries that may be named as output plugins; null where the server has no such setting, or this role may not see it. */
  outputPlugins: z.string().nullable(),
});

/** A node with what it has for logical replication. */
export type ReplicationServer = Readonly<z.infer<typeof replicationServer>> & {
  readonly node: string;
  readonly groupId: number;
  readonly shouldHaveShards: boolean;
  /** Of the coordinator: this role may not see which libraries may be named as output plugins. */
  readonly pluginsHidden?: boolean;
};

/** One value of JSON, a {@link replicationServer}. */
export const REPLICATION_SERVER = `
SELECT json_build_object(
         'slots', current_setting('max_replication_slots')::int, 'slotsInUse', (SELECT count(*) FROM pg_replication_slots),
         'senders', current_setting('max_wal_senders')::int, 'sendersInUse', (SELECT count(*) FROM pg_stat_replication),
         'applyWorkers', current_setting('max_logical_replication_workers')::int,
         'workerProcesses', current_setting('max_worker_processes')::int,
         'outputPlugins', (SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries'))`;

/**
 * Fewest background workers with which a shard is copied at all: Citus's maintenance daemon, its task queue monitor, one
 * task executor, and PostgreSQL's logical replication launcher.
 */
export const FEWEST_WORKER_PROCESSES = 4;

/** With which Citus copies shards that move; splits have one of Citus's own. */
export const MOVE_PLUGIN = 'pgoutput';

/** Libraries that may be named as output plugins; undefined where any may, or nobody can tell. Pure. */
export function allowedPlugins({
  outputPlugins,
}: Pick<z.infer<typeof replicationServer>, 'outputPlugins'>): string[] | undefined {
  return outputPlugins?.split(',').map((each) => each.trim().replaceAll('"', ''));
}
