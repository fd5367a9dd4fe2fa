import { booleanAt } from '../stack/attributes';
import { expectUnset, expectValue, expectWord } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import type { Block } from '../stack/synthesized';

export const stateProtocols: Rule = {
  id: 'state-protocols',
  level: 'error',
  property: 'States are reached as blobs over HTTPS, and by no other protocol.',
  why: 'SFTP, NFS and static web pages have logins of their own, or none.',
  remedy: 'Take it away.',
  controls: ['MCSB IM-1', 'MCSB DP-3'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return [
    ...expectUnset(
      account,
      [
        'sftp_enabled',
        'nfsv3_enabled',
        'is_hns_enabled',
        'static_website',
        'custom_domain',
        'azure_files_authentication',
        'routing',
        'large_file_share_enabled',
      ],
      'another way to the states, with logins of its own or none. Take it away',
    ),
    ...('public_network_access_enabled' in account.body
      ? expectValue(
          account,
          {
            argument: 'public_network_access_enabled',
            reading: booleanAt(account.body, 'public_network_access_enabled'),
          },
          () => true,
          'it is true or false',
        )
      : []),
    ...expectWord(
      account,
      'account_kind',
      ['StorageV2'],
      'older kinds know neither versions nor soft delete. Set it to StorageV2',
    ),
  ];
}
