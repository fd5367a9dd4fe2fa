import { addressSum } from '../rule-parts/address-sum';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { KEY_VAULT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const vaultAddresses: Rule = {
  id: 'vault-addresses',
  level: 'error',
  property: 'The addresses that reach a vault are few together.',
  why: 'Many narrow ranges are one wide one.',
  remedy: 'Name those that people and pipelines go out with.',
  controls: ['MCSB NS-2', 'CKV_AZURE_109'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT, 'the stack holds no key vault', (vaults) => vaults.flatMap(judge)),
};

function judge(vault: Block): readonly Problem[] {
  return addressSum(vault, 'network_acls');
}
