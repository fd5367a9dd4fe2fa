import { environmentFile } from '../../../config/file/files';
import { booleanAt, describeGap, numberAt } from '../stack/attributes';
import { CLUSTER, ELASTIC_CLUSTER, NO_CLUSTER } from '../stack/azurerm';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdictOn } from '../rule-parts/rule';
import { resourcesOf } from '../stack/synthesized';

const SHARDS = 'shards_on_coordinator_enabled';

/**
 * Unset, the service answers true for a cluster created with one node and false for one created with workers: the
 * same file then gives two topologies, depending on the cluster's history.
 */
export const shardHosting: Rule = {
  id: 'shard-hosting',
  level: 'error',
  property: 'Whether the coordinator holds shards is set explicitly, and a single node always holds its own.',
  why: 'The service decides by how the cluster was once created, and distributing a table may fail.',
  remedy: 'Set cluster.coordinatorHoldsShards.',
  controls: ['MCSB PV-1'],
  check(stack) {
    if (resourcesOf(stack, ELASTIC_CLUSTER).length > 0) {
      return notApplicable('every node of an elastic cluster holds shards, which no argument says otherwise');
    }
    return verdictOn(stack, CLUSTER, NO_CLUSTER, (clusters) =>
      clusters.flatMap((cluster) => {
        const shards = booleanAt(cluster.body, SHARDS);
        const workers = numberAt(cluster.body, 'node_count');
        if (shards.state !== 'value') {
          return [
            problemAt(
              cluster,
              SHARDS,
              `${SHARDS} ${describeGap(shards)}: the service then decides by how the cluster was once created. Set cluster.coordinatorHoldsShards to true or false in ${environmentFile(stack.environment)}`,
            ),
          ];
        }
        if (workers.state !== 'value') {
          return [
            problemAt(cluster, 'node_count', `node_count ${describeGap(workers)}: write the number out`),
          ];
        }
        if (workers.value === 0 && !shards.value) {
          return [
            problemAt(
              cluster,
              SHARDS,
              `${SHARDS} is false on a cluster without workers: no node is left to hold a shard, and distributing a table fails. Set it to true until there are workers`,
            ),
          ];
        }
        return [];
      }),
    );
  },
};
