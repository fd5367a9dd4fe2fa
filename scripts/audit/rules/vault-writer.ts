import { isOwn } from '../rule-parts/own-references';
import type { Rule } from '../rule-parts/rule';
import { problemAt, problemOf, verdictOn, valueText } from '../rule-parts/rule';
import { KEY_VAULT, KEY_VAULT_SECRET, ROLE_ASSIGNMENT, CLIENT_CONFIG } from '../stack/azurerm';
import { plainReference } from '../stack/expressions';
import { resourcesOf } from '../stack/synthesized';

export const vaultWriter: Rule = {
  id: 'vault-writer',
  level: 'error',
  property: 'Whoever writes the secret has a role on the vault, and is one principal by its id.',
  why: 'Without it the first deploy fails, and the next remedy is a role on the subscription.',
  remedy: 'Give the deployer, or keyVault.writerPrincipalId, the role Key Vault Secrets Officer.',
  controls: ['MCSB PA-7'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT_SECRET, 'the stack keeps no secret', (secrets) => [
      ...(resourcesOf(stack, ROLE_ASSIGNMENT).some(({ body }) => isOwn(stack, body['scope'], [KEY_VAULT]))
        ? []
        : secrets.map((secret) =>
            problemOf(
              secret,
              'writer',
              'nobody has a role on the vault of this secret: whoever deploys needs Key Vault Secrets Officer',
            ),
          )),
      ...resourcesOf(stack, ROLE_ASSIGNMENT).flatMap((assignment) => {
        const principal = assignment.body['principal_id'];
        const reference = plainReference(principal);
        if (reference?.type === CLIENT_CONFIG && reference.attribute === 'object_id') return [];
        if (typeof principal === 'string' && GUID.test(principal)) return [];
        return [
          problemAt(
            assignment,
            'principal_id',
            `principal_id is ${valueText('', principal)}, which is no id of one principal`,
          ),
        ];
      }),
    ]),
};

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
