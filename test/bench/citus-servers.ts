import { LOGIN } from '../../scripts/local/engines/platform';
import type { ServerNode } from '../../scripts/local/engines/server-set';
import type { CitusServers } from '../../scripts/bench/citus-cluster';
import { testCluster, testLogin } from '../support/test-cluster';

/** The servers of the test cluster as the benches know theirs. */
export async function citusServers(): Promise<CitusServers> {
  const cluster = await testCluster();
  const [coordinator, ...workers] = cluster.nodes.map(({ port, nodeName, nodePort }, index): ServerNode => ({
    name: index === 0 ? 'coordinator' : `w${String(index - 1)}`,
    host: nodeName,
    port: nodePort,
    publishedPort: port,
  }));
  if (coordinator === undefined) throw new Error('the test cluster has no coordinator');
  return {
    nodes: [coordinator, ...workers],
    login: (node, user, database) =>
      testLogin(
        cluster,
        { port: node.publishedPort, nodeName: node.host, nodePort: node.port },
        user === LOGIN ? LOGIN : cluster.superuser,
        database,
      ),
  };
}
