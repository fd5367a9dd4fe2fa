import { CLUSTERS } from '../stack/azurerm';
import type { Rule } from '../rule-parts/rule';
import { problemOf, verdictOn } from '../rule-parts/rule';
import { booleanAt } from '../stack/attributes';
import { ELASTIC_CLUSTER, FIREWALL_RULES } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

export const firewallPrivate: Rule = {
  id: 'firewall-private',
  level: 'error',
  property: 'A cluster that is closed to the internet has no firewall rules.',
  why: 'Whoever opens it by one flag lets in all of them at once.',
  remedy: 'Remove the rules, or say network.access: firewall.',
  controls: ['MCSB NS-2'],
  hardening: 'all',
  check: (stack) =>
    verdictOn(
      stack,
      FIREWALL_RULES,
      'the stack holds no firewall rule, and without one nobody is let in',
      (rules) =>
        resourcesOf(stack, ...CLUSTERS).some(closed)
          ? rules.map((rule) =>
              problemOf(
                rule,
                'closed',
                'the cluster is closed to the internet, and this rule lets somebody in as soon as it is not: remove it',
              ),
            )
          : [],
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
