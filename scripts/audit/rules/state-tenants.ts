import { expectWord } from '../rule-parts/expectations';
import { expectFlag } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const stateTenants: Rule = {
  id: 'state-tenants',
  level: 'error',
  property: 'States leave for no other tenant.',
  why: 'A copy in another tenant is read by rules that nobody here made.',
  remedy: 'Set cross_tenant_replication_enabled to false and allowed_copy_scope to AAD.',
  controls: ['MCSB DP-2', 'MCSB NS-2'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return [
    ...expectFlag(
      account,
      'cross_tenant_replication_enabled',
      false,
      'states could be replicated into another tenant. Set it to false',
    ),
    ...expectWord(
      account,
      'allowed_copy_scope',
      ['AAD', 'PrivateLink'],
      'states could be copied into another tenant. Set it to AAD',
    ),
  ];
}
