import { expectWord } from '../rule-parts/expectations';
import { SERVICE_FACTS } from '../../../config/azure/postgres-services';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, problemOf, verdict } from '../rule-parts/rule';
import { ELASTIC_CLUSTER, PRIVATE_ENDPOINT, PRIVATE_DNS_ZONE } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { refersTo } from '../stack/references';
import { resourcesOf } from '../stack/synthesized';

export const privateDnsZone: Rule = {
  id: 'private-dns-zone',
  level: 'error',
  property: 'A private endpoint is known by name, in the zone of the service.',
  why: 'Clients resolve the public address, and find it closed; or a zone of somebody else tells them where to send their password.',
  remedy: 'Give the endpoint a zone group with the zone of the stack.',
  controls: ['MCSB NS-10'],
  check(stack) {
    const zones = resourcesOf(stack, PRIVATE_DNS_ZONE);
    const endpoints = resourcesOf(stack, PRIVATE_ENDPOINT);
    if (zones.length + endpoints.length === 0) return notApplicable('the stack holds no private endpoint');
    const isElastic = resourcesOf(stack, ELASTIC_CLUSTER).length > 0;
    const { privateDnsZone } = SERVICE_FACTS[isElastic ? 'elastic-cluster' : 'cosmosdb-postgresql'];
    return verdict([
      ...zones.flatMap((zone) => [
        ...expectWord(
          zone,
          'name',
          [privateDnsZone],
          'names of the cluster resolve in the zone of the service alone',
        ),
        ...(endpoints.length > 0
          ? []
          : [
              problemOf(
                zone,
                'endpoint',
                'no private endpoint is known in this zone: put the endpoint back, or remove the zone',
              ),
            ]),
      ]),
      ...endpoints.flatMap((endpoint) => {
        const ids = blocksAt(endpoint.body, 'private_dns_zone_group').flatMap(
          (group) => group['private_dns_zone_ids'] ?? [],
        );
        if (ids.length > 0 && ids.every((id) => zones.some((zone) => refersTo(id, zone)))) return [];
        return [
          problemAt(
            endpoint,
            'private_dns_zone_group',
            'private_dns_zone_group names no zone of this stack alone: clients resolve the public address, or what somebody else says',
            { check: 'group' },
          ),
        ];
      }),
    ]);
  },
};
