import { CLUSTERS } from '../stack/azurerm';
import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { KEY_VAULT, DIAGNOSTIC_SETTING, STORAGE_ACCOUNT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';

export const diagnosticTarget: Rule = {
  id: 'diagnostic-target',
  level: 'error',
  property: 'A diagnostic setting is one of a resource of its stack, and keeps something.',
  why: 'A setting of something else looks as if the logs were kept.',
  remedy: 'Name the cluster or the vault of the stack.',
  controls: ['MCSB LT-3'],
  check: (stack) =>
    verdictOn(stack, DIAGNOSTIC_SETTING, 'the stack sends no logs', (settings) => [
      ...strangers(stack, 'target_resource_id', {
        types: [DIAGNOSTIC_SETTING],
        targets: [...CLUSTERS, KEY_VAULT, STORAGE_ACCOUNT],
        why: 'name the cluster or the vault',
      }),
      ...settings
        .filter(
          ({ body }) => !Array.isArray(body['enabled_log']) || blocksAt(body, 'enabled_log').length === 0,
        )
        .map((setting) =>
          problemAt(setting, 'enabled_log', 'enabled_log is empty: the setting keeps no log'),
        ),
    ]),
};
