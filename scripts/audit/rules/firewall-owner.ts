import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import {
  CLUSTER,
  FIREWALL_RULE,
  ELASTIC_CLUSTER,
  ELASTIC_FIREWALL_RULE,
  FIREWALL_RULES,
} from '../stack/azurerm';

export const firewallOwner: Rule = {
  id: 'firewall-owner',
  level: 'error',
  hardening: 'all',
  property: 'A firewall rule is one of the cluster of its stack.',
  why: 'A stack would open what another one closes.',
  remedy: 'Name the cluster of the stack.',
  controls: ['MCSB NS-1'],
  check: (stack) =>
    verdictOn(
      stack,
      FIREWALL_RULES,
      'the stack holds no firewall rule, and without one nobody is let in',
      () => [
        ...strangers(stack, 'cluster_id', { types: [FIREWALL_RULE], targets: [CLUSTER], why: WHY }),
        ...strangers(stack, 'server_id', {
          types: [ELASTIC_FIREWALL_RULE],
          targets: [ELASTIC_CLUSTER],
          why: WHY,
        }),
      ],
    ),
};

const WHY = 'a stack opens its own cluster and no other';
