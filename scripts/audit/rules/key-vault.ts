import { numberAt } from '../stack/attributes';
import { DIAGNOSTIC_SETTING, KEY_VAULT } from '../stack/azurerm';
import { blocksAt } from '../stack/blocks';
import { closedNetwork } from '../rule-parts/closed-network';
import { expectFlag, expectValue } from '../rule-parts/expectations';
import { refersTo } from '../stack/references';
import type { Facts, Problem, Rule } from '../rule-parts/rule';
import { problemOf, verdictOn } from '../rule-parts/rule';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

const RETENTION = 'soft_delete_retention_days';
/** Azure's own default, and the most it offers. */
const RETENTION_DAYS = 90;

/** What the common scanners ask of a vault, as far as it holds one password. */
export const keyVault: Rule = {
  id: 'key-vault',
  level: 'error',
  property:
    'A vault is reached by role and from listed addresses alone, gives nothing up before 90 days are over, and tells in production who read it.',
  why: 'A stolen login is enough to read the password, or to delete it for good.',
  remedy: 'Give the vault roles, listed addresses, purge protection, 90 days and an audit log.',
  controls: ['MCSB DP-8', 'CIS 8.5', 'CIS 8.6', 'CKV_AZURE_42', 'CKV_AZURE_109', 'CKV_AZURE_110'],
  check(stack, facts) {
    return verdictOn(stack, KEY_VAULT, 'the stack holds no key vault', (vaults) =>
      vaults.flatMap((vault) => [...guarded(vault), ...audited(stack, vault, facts)]),
    );
  },
};

function guarded(vault: Block): readonly Problem[] {
  const retention = numberAt(vault.body, RETENTION);
  const why = `set it to ${String(RETENTION_DAYS)}, which cannot be raised later`;
  return [
    ...closedNetwork(vault, 'network_acls'),
    ...expectFlag(
      vault,
      'rbac_authorization_enabled',
      true,
      'access policies are rights on the whole vault, beside those that roles give. Set it to true',
    ),
    ...expectFlag(
      vault,
      'purge_protection_enabled',
      true,
      'whoever deletes the vault can also take away the way back. Set it to true; it cannot be undone',
    ),
    // Azure's own default.
    ...(retention.state === 'absent'
      ? []
      : expectValue(
          vault,
          { argument: RETENTION, reading: retention },
          (days) => days >= RETENTION_DAYS,
          why,
        )),
  ];
}

function audited(stack: Synthesized, vault: Block, facts: Facts): readonly Problem[] {
  if (!facts.production) return [];
  const isAudited = resourcesOf(stack, DIAGNOSTIC_SETTING).some(
    ({ body }) =>
      refersTo(body['target_resource_id'], vault) &&
      blocksAt(body, 'enabled_log').some(
        (log) =>
          log['category'] === 'AuditEvent' ||
          log['category_group'] === 'audit' ||
          log['category_group'] === 'allLogs',
      ),
  );
  if (isAudited) return [];
  const message =
    'no diagnostic setting keeps the audit log of this vault, so nobody can say who read the password: set monitoring, whose workspace takes it';
  return [{ ...problemOf(vault, 'audit-log', message), level: 'warning' }];
}
