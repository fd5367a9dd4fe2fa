import { problemOf } from '../rule-parts/rule';
import { FIREWALL_RULES_MOST } from '../../../config/azure/firewall-rules';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { FIREWALL_RULES } from '../stack/azurerm';

export const firewallCount: Rule = {
  id: 'firewall-count',
  level: 'warning',
  property: 'There are ten firewall rules at most.',
  why: 'Nobody reads a longer list, and what is not read stays open.',
  remedy: 'Merge neighbours, or use private access.',
  controls: ['MCSB NS-1'],
  hardening: 'all',
  check: (stack) =>
    verdictOn(
      stack,
      FIREWALL_RULES,
      'the stack holds no firewall rule, and without one nobody is let in',
      (rules) =>
        rules.slice(FIREWALL_RULES_MOST, FIREWALL_RULES_MOST + 1).map((rule) => ({
          ...problemOf(
            rule,
            'count',
            `there are ${String(rules.length)} firewall rules, and ${String(FIREWALL_RULES_MOST)} is what people still read: merge neighbours, or use private access`,
          ),
          value: String(rules.length),
        })),
    ),
};
