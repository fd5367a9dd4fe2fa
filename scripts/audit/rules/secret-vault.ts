import { strangers } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { numberAt, describe } from '../stack/attributes';
import { KEY_VAULT, KEY_VAULT_SECRET } from '../stack/azurerm';

export const secretVault: Rule = {
  id: 'secret-vault',
  level: 'error',
  property: 'A secret lies in the vault of its stack.',
  why: 'Another vault has other readers.',
  remedy: 'Name the vault of the stack.',
  controls: ['MCSB DP-8'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT_SECRET, 'the stack keeps no secret', (secrets) => [
      ...strangers(stack, 'key_vault_id', {
        types: [KEY_VAULT_SECRET],
        targets: [KEY_VAULT],
        why: 'another vault has other readers',
      }),
      ...secrets.flatMap((secret) => {
        const version = numberAt(secret.body, 'value_wo_version');
        return version.state === 'value'
          ? []
          : [
              problemAt(
                secret,
                'value_wo_version',
                `value_wo_version ${describe(version)}: Terraform would never write the secret again`,
              ),
            ];
      }),
    ]),
};
