import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { KEY_VAULT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block } from '../stack/synthesized';

export const vaultBypass: Rule = {
  id: 'vault-bypass',
  level: 'error',
  property: 'No service of Azure passes the network rules of the vault.',
  why: 'Services that other customers run pass as well.',
  remedy: 'Set network_acls.bypass to None.',
  controls: ['MCSB NS-2', 'CKV_AZURE_109'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT, 'the stack holds no key vault', (vaults) => vaults.flatMap(judge)),
};

function judge(vault: Block): readonly Problem[] {
  return blocksAt(vault.body, 'network_acls')
    .filter((acls) => acls['bypass'] !== 'None')
    .map((acls) =>
      problemAt(
        vault,
        'network_acls',
        `network_acls.bypass is ${valueText('', acls['bypass'])}: what runs on Azure passes the rules. Set it to None`,
        { check: 'bypass' },
      ),
    );
}
