import { SERVICE_FACTS } from '../../../config/azure/postgres-services';
import { isOwn } from '../rule-parts/own-references';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { ELASTIC_CLUSTER, PRIVATE_ENDPOINT, CLUSTERS } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { plainReference } from '../stack/expressions';
import type { Block, Synthesized } from '../stack/synthesized';

export const privateEndpointTarget: Rule = {
  id: 'private-endpoint-target',
  level: 'error',
  property: 'A private endpoint leads to the part of the cluster that clients talk to.',
  why: 'An endpoint to something else opens what nobody meant to open, and leaves clients without a way.',
  remedy: 'Connect it to the cluster of the stack, and to its coordinator or server alone.',
  controls: ['MCSB NS-2'],
  check: (stack) =>
    verdictOn(stack, PRIVATE_ENDPOINT, 'the stack holds no private endpoint', (endpoints) =>
      endpoints.flatMap((endpoint) => judge(stack, endpoint)),
    ),
};

function judge(stack: Synthesized, endpoint: Block): readonly Problem[] {
  const connections = blocksAt(endpoint.body, 'private_service_connection');
  if (connections.length !== 1)
    return [
      problemAt(
        endpoint,
        'private_service_connection',
        'private_service_connection is not there once: connect the endpoint to the cluster',
        { check: 'connection' },
      ),
    ];
  return connections.flatMap((connection) => {
    const target = connection['private_connection_resource_id'];
    if (!isOwn(stack, target, CLUSTERS)) {
      return [
        problemAt(
          endpoint,
          'private_service_connection',
          `private_connection_resource_id is ${valueText('', target)}, which is no cluster of this stack: connect it to that`,
          { check: 'target' },
        ),
      ];
    }
    const { endpointSubresource } =
      SERVICE_FACTS[
        plainReference(target)?.type === ELASTIC_CLUSTER ? 'elastic-cluster' : 'cosmosdb-postgresql'
      ];
    const parts = connection['subresource_names'];
    if (JSON.stringify(parts) === JSON.stringify([endpointSubresource])) return [];
    return [
      problemAt(
        endpoint,
        'private_service_connection',
        `subresource_names are ${valueText('', parts)}: clients talk to ${endpointSubresource}, and nobody needs a way to a worker`,
        { check: 'subresource' },
      ),
    ];
  });
}
