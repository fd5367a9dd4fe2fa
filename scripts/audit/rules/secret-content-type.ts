import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { KEY_VAULT_SECRET } from '../stack/azurerm';

export const secretContentType: Rule = {
  id: 'secret-content-type',
  level: 'warning',
  property: 'A secret says what it is.',
  why: 'Nobody dares to remove a secret that nobody knows.',
  remedy: 'Set content_type.',
  controls: ['MCSB DP-6', 'CKV_AZURE_114'],
  check: (stack) =>
    verdictOn(stack, KEY_VAULT_SECRET, 'the stack keeps no secret', (secrets) =>
      secrets
        .filter(({ body }) => typeof body['content_type'] !== 'string' || body['content_type'].trim() === '')
        .map((secret) =>
          problemAt(secret, 'content_type', 'content_type is not set: say what the secret is'),
        ),
    ),
};
