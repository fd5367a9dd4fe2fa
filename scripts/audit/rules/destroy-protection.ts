import { booleanAt, describeGap, stringAt } from '../stack/attributes';
import { CLUSTER, MANAGEMENT_LOCK, NO_CLUSTER, RESOURCE_GROUP } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import type { Block, Synthesized } from '../stack/synthesized';
import { isObject, pointer, resourcesOf } from '../stack/synthesized';

/**
 * A deleted cluster cannot be restored, its backups go with it. Two gates, for two hands: `prevent_destroy` stops
 * Terraform (a lock in the same state would not, Terraform removes it first); the lock stops the portal and the CLI.
 */
export const destroyProtection: Rule = {
  id: 'destroy-protection',
  level: 'error',
  property:
    'A production cluster can be destroyed neither by Terraform (prevent_destroy) nor, without lifting a lock, by hand.',
  check(stack, facts) {
    const clusters = resourcesOf(stack, CLUSTER);
    if (clusters.length === 0) return notApplicable(NO_CLUSTER);
    if (!facts.production) return notApplicable('the environment is not production');
    return verdict(clusters.flatMap((cluster) => [...preventDestroy(cluster), ...locked(stack, cluster)]));
  },
};

function preventDestroy(cluster: Block): readonly Problem[] {
  const lifecycle = cluster.body['lifecycle'];
  const reading = booleanAt(isObject(lifecycle) ? lifecycle : {}, 'prevent_destroy');
  if (reading.state === 'value' && reading.value) return [];
  const what = reading.state === 'value' ? 'is false' : describeGap(reading);
  return [
    problemAt(
      cluster,
      'lifecycle',
      `lifecycle.prevent_destroy ${what}: a plan that replaces this cluster would drop the database, and a deleted cluster cannot be restored. Set it to true`,
    ),
  ];
}

function locked(stack: Synthesized, cluster: Block): readonly Problem[] {
  const groups = resourcesOf(stack, RESOURCE_GROUP).map((group) => group.address);
  const locks = resourcesOf(stack, MANAGEMENT_LOCK).filter((lock) => {
    return [cluster.address, ...groups].some((address) => lock.body['scope'] === `\${${address}.id}`);
  });
  const lock = locks[0];
  if (lock === undefined) {
    return [
      {
        constructPath: cluster.constructPath,
        pointer: cluster.pointer,
        check: 'lock',
        level: 'warning',
        message:
          'no management lock covers this cluster or its resource group: anybody with rights on the group can delete it in the portal. Add a CanNotDelete lock',
      },
    ];
  }
  const level = stringAt(lock.body, 'lock_level');
  if (level.state === 'value' && (level.value === 'CanNotDelete' || level.value === 'ReadOnly')) return [];
  return [
    {
      constructPath: lock.constructPath,
      pointer: lock.pointer + pointer('lock_level'),
      check: 'lock_level',
      level: 'warning',
      message: `lock_level ${level.state === 'value' ? `is ${level.value}` : describeGap(level)}: CanNotDelete is the level that keeps the cluster and lets it be scaled`,
    },
  ];
}
