import { strange, isOwn } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, problemOf, verdict, valueText } from '../rule-parts/rule';
import { booleanAt, describe, textOf } from '../stack/attributes';
import { PRIVATE_ENDPOINT, PRIVATE_DNS_ZONE, PRIVATE_DNS_ZONE_LINK } from '../stack/azurerm';
import { refersTo } from '../stack/references';
import { resourcesOf } from '../stack/synthesized';

export const privateDnsLink: Rule = {
  id: 'private-dns-link',
  level: 'error',
  property: 'The zone is linked to the network of the endpoint, and machines do not register in it.',
  why: 'Without the link nobody there resolves the name; with registration any machine can take it.',
  remedy: 'Link the zone to the network of the endpoint, with registration_enabled false.',
  controls: ['MCSB NS-10'],
  check(stack) {
    const zones = resourcesOf(stack, PRIVATE_DNS_ZONE);
    const links = resourcesOf(stack, PRIVATE_DNS_ZONE_LINK);
    if (zones.length + links.length === 0) return notApplicable('the stack holds no private zone');
    const networks = resourcesOf(stack, PRIVATE_ENDPOINT).map(({ body }) =>
      textOf(body['subnet_id'])
        .replace(/\/subnets\/[^/]+$/i, '')
        .toLowerCase(),
    );
    return verdict([
      ...zones
        .filter((zone) => !links.some(({ body }) => refersTo(body['private_dns_zone_name'], zone, 'name')))
        .map((zone) =>
          problemOf(
            zone,
            'link',
            'the zone is linked to no network: nobody resolves the name of the cluster',
          ),
        ),
      ...links.flatMap((link) => {
        const network = link.body['virtual_network_id'];
        const registers = booleanAt(link.body, 'registration_enabled');
        return [
          ...(isOwn(stack, link.body['private_dns_zone_name'], [PRIVATE_DNS_ZONE], 'name')
            ? []
            : [
                strange(
                  link,
                  'private_dns_zone_name',
                  link.body['private_dns_zone_name'],
                  'link the zone of the stack',
                ),
              ]),
          ...(typeof network === 'string' && networks.includes(network.toLowerCase())
            ? []
            : [
                problemAt(
                  link,
                  'virtual_network_id',
                  `virtual_network_id is ${valueText('', network)}, in which no endpoint of this stack stands`,
                ),
              ]),
          ...(registers.state === 'absent' || (registers.state === 'value' && !registers.value)
            ? []
            : [
                problemAt(
                  link,
                  'registration_enabled',
                  `registration_enabled ${describe(registers)}: any machine of the network could take the name of the cluster. Set it to false`,
                ),
              ]),
        ];
      }),
    ]);
  },
};
