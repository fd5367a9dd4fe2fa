import { MANAGEMENT_LOCK, RESOURCE_GROUP } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { expectPreventDestroy, expectWord } from '../rule-parts/expectations';
import { problemOf, verdictInProduction } from '../rule-parts/rule';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

/**
 * A deleted cluster cannot be restored, its backups go with it. Two gates, for two hands: `prevent_destroy` stops
 * Terraform (a lock in the same state would not, Terraform removes it first); the lock stops the portal and the CLI.
 */
export const destroyProtection: Rule = {
  id: 'destroy-protection',
  level: 'error',
  hardening: 'all',
  property:
    'A production cluster can be destroyed neither by Terraform (prevent_destroy) nor, without lifting a lock, by hand.',
  why: 'A deleted cluster cannot be restored, its backups go with it.',
  remedy: 'Set protectFromDestroy and lockAgainstDeletion to true.',
  controls: ['MCSB BR-2', 'MCSB AM-4', 'CIS 10.1'],
  check: (stack, facts) =>
    verdictInProduction(stack, facts, (clusters) =>
      clusters.flatMap((cluster) => [
        ...expectPreventDestroy(
          cluster,
          'a plan that replaces this cluster would drop the database, and a deleted cluster cannot be restored. Set it to true',
        ),
        ...locked(stack, cluster),
      ]),
    ),
};

function locked(stack: Synthesized, cluster: Block): readonly Problem[] {
  const groups = resourcesOf(stack, RESOURCE_GROUP).map((group) => group.address);
  const locks = resourcesOf(stack, MANAGEMENT_LOCK).filter((lock) => {
    return [cluster.address, ...groups].some((address) => lock.body['scope'] === `\${${address}.id}`);
  });
  const lock = locks[0];
  if (lock === undefined) {
    const message =
      'no management lock covers this cluster or its resource group: anybody with rights on the group can delete it in the portal. Add a CanNotDelete lock';
    return [{ ...problemOf(cluster, 'lock', message), level: 'warning' }];
  }
  return expectWord(
    lock,
    'lock_level',
    ['CanNotDelete', 'ReadOnly'],
    'CanNotDelete is the level that keeps the cluster and lets it be scaled',
    { level: 'warning' },
  );
}
