import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { stringAt } from '../stack/attributes';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const stateGeo: Rule = {
  id: 'state-geo',
  level: 'warning',
  property: 'States have a copy in another region.',
  why: 'With the region goes the way back to every database.',
  remedy: 'Set replication to GRS or GZRS.',
  controls: ['MCSB BR-2', 'CKV_AZURE_206'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  const replication = stringAt(account.body, 'account_replication_type');
  // One data centre is told by state-storage.
  if (replication.state !== 'value' || replication.value !== 'ZRS') return [];
  return [
    problemAt(
      account,
      'account_replication_type',
      'account_replication_type is ZRS: with the region goes the way back to every database. Use GRS or GZRS',
    ),
  ];
}
