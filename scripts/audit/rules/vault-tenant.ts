import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { KEY_VAULT, CLIENT_CONFIG } from '../stack/azurerm';
import { plainReference } from '../stack/expressions';
import type { Block } from '../stack/synthesized';

export const vaultTenant: Rule = {
  id: 'vault-tenant',
  level: 'error',
  property: 'A vault trusts the tenant of whoever deploys.',
  why: 'A foreign tenant says who its people are.',
  remedy: 'Leave tenant_id to whoever deploys.',
  controls: ['MCSB IM-1'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT, 'the stack holds no key vault', (vaults) => vaults.flatMap(judge)),
};

function judge(vault: Block): readonly Problem[] {
  const reference = plainReference(vault.body['tenant_id']);
  if (reference?.isData === true && reference.type === CLIENT_CONFIG && reference.attribute === 'tenant_id')
    return [];
  return [
    problemAt(
      vault,
      'tenant_id',
      `tenant_id is ${valueText('', vault.body['tenant_id'])}: leave it to whoever deploys`,
    ),
  ];
}
