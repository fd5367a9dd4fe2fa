import { textOf } from '../stack/attributes';
import { expectFlag } from '../rule-parts/expectations';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import type { Block } from '../stack/synthesized';

export const stateSignatures: Rule = {
  id: 'state-signatures',
  level: 'error',
  property: 'Signatures for states end within a day, and logins go through Entra ID first.',
  why: 'A signature that was sent by mail opens every state for as long as it lasts.',
  remedy: 'Set sas_policy to Block and a day at most, and default_to_oauth_authentication to true.',
  controls: ['MCSB IM-1', 'MCSB IM-8'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  const [policy] = blocksAt(account.body, 'sas_policy');
  const period = textOf(policy?.['expiration_period']);
  const isShort = /^0?[01]\.\d\d:\d\d:\d\d$/.test(period);
  const isBlocked = policy?.['expiration_action'] === 'Block';
  return [
    ...(isShort
      ? []
      : [
          problemAt(
            account,
            'sas_policy',
            `sas_policy.expiration_period is ${period === '' ? 'not set' : period}: a day is the most, as in 00.12:00:00`,
            { check: 'period' },
          ),
        ]),
    ...(isBlocked
      ? []
      : [
          problemAt(
            account,
            'sas_policy',
            'sas_policy.expiration_action is not Block: a longer signature is then taken all the same',
            { check: 'action' },
          ),
        ]),
    ...expectFlag(
      account,
      'default_to_oauth_authentication',
      true,
      'the portal would ask for the key first. Set it to true',
    ),
  ];
}
