import type { Client } from 'pg';
import { withClient } from '../../scripts/lib/connection';
import type { FaultyCluster } from './faulty-cluster';
import { SEE_SHARDS } from './snapshot.sql';

type Look = <T>(look: (client: Client) => Promise<T>) => Promise<T>;

/** Sessions that look at a cluster from outside the program: the superuser's, from whom policies hide nothing, and who sees shards. */
export function looksAt(cluster: FaultyCluster): {
  readonly onNode: <T>(name: string, look: (client: Client) => Promise<T>) => Promise<T>;
  readonly onCoordinator: Look;
} {
  const onNode = <T>(name: string, look: (client: Client) => Promise<T>): Promise<T> =>
    withClient(cluster.platform(name), async (client) => {
      await client.query(SEE_SHARDS);
      return look(client);
    });
  return { onNode, onCoordinator: (look) => onNode(cluster.names[0] ?? '', look) };
}

/** The column `line` of a query's answer. */
export async function lines(client: Client, sql: string): Promise<string[]> {
  return (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line);
}
