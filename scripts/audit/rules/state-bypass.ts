import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block, Json } from '../stack/synthesized';

export const stateBypass: Rule = {
  id: 'state-bypass',
  level: 'error',
  property: 'Beside the listed addresses, services of Azure alone pass the network rules of the states.',
  why: 'Logging and metrics of others are read without a login.',
  remedy: 'Set network_rules.bypass to AzureServices or None.',
  controls: ['MCSB NS-2', 'CIS 3.9', 'CKV_AZURE_36'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return blocksAt(account.body, 'network_rules').flatMap((rules) => {
    const listed = rules['bypass'];
    if (listed === undefined || listed === null) return [];
    const words = Array.isArray(listed) ? (listed as readonly Json[]) : [listed];
    if (words.every((word) => word === 'AzureServices' || word === 'None')) return [];
    return [
      problemAt(
        account,
        'network_rules',
        `network_rules.bypass is ${valueText('', listed)}: set it to AzureServices or None`,
        { check: 'bypass' },
      ),
    ];
  });
}
