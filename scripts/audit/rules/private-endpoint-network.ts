import { textOf } from '../stack/attributes';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { PRIVATE_ENDPOINT, PRIVATE_DNS_ZONE_LINK } from '../stack/azurerm';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

export const privateEndpointNetwork: Rule = {
  id: 'private-endpoint-network',
  level: 'error',
  property: 'A private endpoint stands in a subnet that is written out, in a network its zone is linked to.',
  why: 'From an endpoint in a foreign network strangers reach the cluster, and no firewall asks them.',
  remedy: 'Name a subnet of the network that the applications are in.',
  controls: ['MCSB NS-1', 'MCSB NS-2'],
  check: (stack) =>
    verdictOn(stack, PRIVATE_ENDPOINT, 'the stack holds no private endpoint', (endpoints) =>
      endpoints.flatMap((endpoint) => judge(stack, endpoint)),
    ),
};

const SUBNET =
  /^\/subscriptions\/[^/${}]+\/resourceGroups\/[^/${}]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/${}]+\/subnets\/[^/${}]+$/i;

function judge(stack: Synthesized, endpoint: Block): readonly Problem[] {
  const subnet = endpoint.body['subnet_id'];
  if (typeof subnet !== 'string' || !SUBNET.test(subnet)) {
    return [
      problemAt(
        endpoint,
        'subnet_id',
        `subnet_id is ${valueText('', subnet)}, which is no id of a subnet: write it out`,
      ),
    ];
  }
  const network = subnet.replace(/\/subnets\/[^/]+$/i, '').toLowerCase();
  const isLinked = resourcesOf(stack, PRIVATE_DNS_ZONE_LINK).some(
    ({ body }) => textOf(body['virtual_network_id']).toLowerCase() === network,
  );
  if (isLinked) return [];
  return [
    problemAt(
      endpoint,
      'subnet_id',
      `subnet_id is in ${network}, which no zone of this stack is linked to: a way in from there is none that anybody resolves, or one for strangers`,
      { check: 'network' },
    ),
  ];
}
