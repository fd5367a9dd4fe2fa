import { CLUSTERS } from '../stack/azurerm';
import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { RESOURCE_GROUP, MANAGEMENT_LOCK, STORAGE_ACCOUNT } from '../stack/azurerm';

export const lockScope: Rule = {
  id: 'lock-scope',
  level: 'error',
  property: 'A lock stands over a cluster, the states or their group, of its stack.',
  why: 'A lock on something else looks as if the data was kept.',
  remedy: 'Set scope to the cluster.',
  controls: ['MCSB AM-4', 'CIS 10.1'],
  check: (stack) =>
    verdictOn(stack, MANAGEMENT_LOCK, 'the stack holds no lock', () =>
      strangers(stack, 'scope', {
        types: [MANAGEMENT_LOCK],
        targets: [...CLUSTERS, STORAGE_ACCOUNT, RESOURCE_GROUP],
        why: 'what is to be kept stays without a lock',
      }),
    ),
};
