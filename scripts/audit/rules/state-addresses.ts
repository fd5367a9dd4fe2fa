import { addressSum } from '../rule-parts/address-sum';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const stateAddresses: Rule = {
  id: 'state-addresses',
  level: 'error',
  property: 'The addresses that reach the states are few together.',
  why: 'Many narrow ranges are one wide one.',
  remedy: 'Name those that people and pipelines go out with.',
  controls: ['MCSB NS-2', 'CIS 3.8', 'CKV_AZURE_35'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return addressSum(account, 'network_rules');
}
