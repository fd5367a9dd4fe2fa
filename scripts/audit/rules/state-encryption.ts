import { expectFlag } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const stateEncryption: Rule = {
  id: 'state-encryption',
  level: 'error',
  property: 'States are encrypted twice.',
  why: 'One broken key would open every password.',
  remedy: 'Set infrastructure_encryption_enabled to true; it cannot be changed later.',
  controls: ['MCSB DP-4'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return expectFlag(
    account,
    'infrastructure_encryption_enabled',
    true,
    'a state holds passwords in the clear. Set it to true; it cannot be changed later',
  );
}
