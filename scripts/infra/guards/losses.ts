import { CLUSTER, MANAGEMENT_LOCK, RESOURCE_GROUP, ROLE } from '../../audit/stack/azurerm';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys, isReplacement } from './plan-json';
import { because, forcingValues } from './replacement';
import type { ShownValue } from './values';
import { shownValue } from './values';

const KEY_VAULT = 'azurerm_key_vault';
const STATE_STORAGE = ['azurerm_storage_account', 'azurerm_storage_container'];

const PROTECTED =
  'put back what was removed or renamed in the config; if the data may go, protectFromDestroy: false and then allow it';

/** What a destroyed or replaced resource takes with it. The cluster's own children go with the cluster, unasked. */
export function losses(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (change.type === CLUSTER) return clusterLoss(change, plan);
  if (!destroys(change)) return [];
  const values = forcingValues(change);
  const replaced = isReplacement(change);
  const does = replaced ? 'is destroyed and created anew' : 'is destroyed';
  switch (change.type) {
    case RESOURCE_GROUP:
      return [
        {
          guard: 'destroy-resource-group',
          level: 'needs-yes',
          values,
          why: `the resource group ${does}, with everything in it${because(values)}`,
          wayOut: 'put its name, its location and its construct id back',
        },
      ];
    case ROLE:
      return clusterGoes(change, plan) ? [] : [droppedRole(change, values, replaced)];
    case MANAGEMENT_LOCK:
      return [
        {
          guard: 'remove-lock',
          level: 'needs-yes',
          values,
          why: replaced
            ? `the lock is taken off and put on again${because(values)}: in between anybody with the rights can delete what it protects`
            : 'the lock is taken off: what it protects can be deleted',
          wayOut: 'keep lockAgainstDeletion: true',
        },
      ];
    case KEY_VAULT:
      return [
        {
          guard: 'destroy-vault',
          level: 'needs-yes',
          values,
          why: `the vault ${does}, with its secrets${because(values)}; under purge protection its name stays taken until the retention has passed`,
          wayOut: 'put its name, its location and its construct id back',
        },
      ];
    default:
      if (!STATE_STORAGE.includes(change.type)) return [];
      return [
        {
          guard: 'destroy-state-storage',
          level: 'needs-yes',
          values,
          why: `the storage of Terraform's state ${does}${because(values)}: without the state no environment can be changed, and every deploy would try to create all of it again`,
          wayOut: 'put its name, its location and its construct id back',
        },
      ];
  }
}

function clusterLoss(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (isReplacement(change)) {
    const values = forcingValues(change);
    return [
      {
        guard: 'replace-cluster',
        level: 'needs-yes',
        values,
        why: `the cluster is destroyed with its data and its backups, and an empty one is created${because(values)}`,
        wayOut: PROTECTED,
      },
    ];
  }
  if (destroys(change)) {
    const successor = plan.changes.find(
      (other) => other.type === CLUSTER && other.actions.join() === 'create',
    );
    const values = [shownValue(change, 'name')];
    if (successor !== undefined) {
      return [
        {
          guard: 'cluster-moved',
          level: 'never',
          values,
          why: `the cluster is destroyed with its data and its backups, because the config has it at another address: an empty one is created as ${successor.address}`,
          wayOut: `put the construct's id back; or keep the data with terraform state mv ${change.address} ${successor.address}`,
        },
      ];
    }
    return [
      {
        guard: 'destroy-cluster',
        level: 'needs-yes',
        values,
        why: 'the cluster is destroyed with its data and its backups; it cannot be restored',
        wayOut: PROTECTED,
      },
    ];
  }
  return recreation(
    change,
    plan,
    'its backups can be asked for in a support request, and only for some days',
  );
}

/** A cluster that is gone from Azure, and that a plan would make again. */
export function recreation(change: ResourceChange, plan: TerraformPlan, backups: string): readonly Verdict[] {
  if (change.actions.join() !== 'create' || !vanished(change, plan)) return [];
  return [
    {
      guard: 'recreate-cluster',
      level: 'needs-yes',
      values: [shownValue(change, 'name')],
      why: 'the cluster of the state is gone from Azure: an empty one would be created in its place',
      wayOut: `find out who deleted it; ${backups}. If it is to be new and empty, allow it`,
    },
  ];
}

function droppedRole(change: ResourceChange, values: readonly ShownValue[], replaced: boolean): Verdict {
  const password = values.some(({ attribute }) => attribute === 'password');
  const name = nameOf(change);
  return {
    guard: 'drop-role',
    level: 'needs-yes',
    values,
    why: replaced
      ? `the role ${name} is dropped and created anew${because(values)}: it loses every privilege and membership it was granted, its sessions break, and the drop fails while it owns anything`
      : `the role ${name} is dropped: its sessions break, and the drop fails while it owns anything`,
    wayOut: password
      ? 'keep the old password; to rotate it, add a second role with the new one, move the clients over, and then remove the first'
      : 'keep the role; or revoke what it has, hand over what it owns, and then allow it',
  };
}

function clusterGoes(child: ResourceChange, plan: TerraformPlan): boolean {
  const id = child.before?.['cluster_id'];
  return plan.changes.some(
    (other) => other.type === CLUSTER && destroys(other) && other.before?.['id'] === id,
  );
}

/** True where a refresh found that what the plan creates was there at the last run. */
function vanished(change: ResourceChange, plan: TerraformPlan): boolean {
  return plan.drift.some((drift) => drift.address === change.address && destroys(drift));
}
