import { expectUnset } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { KEY_VAULT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const vaultAccessPolicies: Rule = {
  id: 'vault-access-policies',
  level: 'error',
  property: 'Rights on a vault come from roles alone.',
  why: 'A policy beside the roles is a right that no list of roles shows.',
  remedy: 'Remove it, and assign a role.',
  controls: ['MCSB PA-7', 'CIS 8.6'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT, 'the stack holds no key vault', (vaults) => vaults.flatMap(judge)),
};

function judge(vault: Block): readonly Problem[] {
  return expectUnset(
    vault,
    [
      'access_policy',
      'enabled_for_deployment',
      'enabled_for_disk_encryption',
      'enabled_for_template_deployment',
    ],
    'a right beside those that roles give. Remove it, and assign a role',
  );
}
