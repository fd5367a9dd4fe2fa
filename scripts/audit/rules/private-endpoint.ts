import { environmentFile } from '../../../config/file/files';
import type { Rule } from '../rule-parts/rule';
import { problemOf, verdictInProduction } from '../rule-parts/rule';
import { booleanAt } from '../stack/attributes';
import { ELASTIC_CLUSTER, PRIVATE_ENDPOINT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { keepsUnknownPassword } from '../stack/ignored-changes';
import { refersTo } from '../stack/references';
import type { Block } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

export const privateEndpoint: Rule = {
  id: 'private-endpoint',
  level: 'error',
  property: 'In production a cluster that is closed to the internet has a private endpoint.',
  why: 'Nobody reaches it, and the first remedy of whoever has to is to open it.',
  remedy: 'Name the subnet under network.subnetId.',
  controls: ['MCSB NS-2'],
  hardening: 'all',
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) =>
      clusters
        // One that was there before has its endpoints already, in the hands of those who made them.
        .filter((cluster) => closed(cluster) && !keepsUnknownPassword(cluster))
        .filter(
          (cluster) =>
            !resourcesOf(stack, PRIVATE_ENDPOINT).some(({ body }) =>
              blocksAt(body, 'private_service_connection').some((each) =>
                refersTo(each['private_connection_resource_id'], cluster),
              ),
            ),
        )
        .map((cluster) =>
          problemOf(
            cluster,
            'endpoint',
            `the cluster is closed to the internet, and no private endpoint leads to it: name the subnet under network.subnetId in ${environmentFile(stack.environment)}`,
          ),
        ),
    ),
};

/** Clusters that nobody reaches but through an endpoint. */
function closed({ type, body }: Block): boolean {
  const open = booleanAt(
    body,
    type === ELASTIC_CLUSTER ? 'public_network_access_enabled' : 'coordinator_public_ip_access_enabled',
  );
  return open.state === 'value' && !open.value;
}
