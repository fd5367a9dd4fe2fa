import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { lockName, lockReason } from '../config/azure/management-lock';
import { resourceId } from '../config/azure/resource-names';
import { propProblems, requireValid } from './invalid-props';

export interface DeletionLockProps {
  /** Resource id of what must not be deleted. */
  readonly resourceId: string;
  /** At most 90 letters, digits, hyphens and underscores. Another name is another lock. */
  readonly name: string;
  /** Why it must not, and who decides: Azure shows it to the one who tries. At most 512 characters. */
  readonly reason: string;
  /**
   * Everything under the locked resource that Terraform manages. The lock is put on after these and, what matters,
   * taken off before them: Azure refuses to delete them as long as it is there.
   *
   * @default - nothing but the locked resource
   */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A CanNotDelete lock: nobody deletes the resource, with Terraform, in the portal or by script, until somebody with the
 * right to take locks off has done so. Beside `prevent_destroy`, which only binds Terraform, and only while the resource
 * is still in the configuration.
 *
 * It covers what is under the resource as well, where a plan does not show it: removing a firewall rule, a role, a
 * diagnostic setting or a storage container fails with 409 (ScopeLocked) while the lock is on. Take the lock off in a
 * change of its own, then remove them. Creating and updating goes on as ever. Data is not covered: rows, blobs and
 * secrets are no resources to Azure Resource Manager.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class DeletionLock extends Construct {
  /** Resource id of the lock. */
  readonly lockId: string;

  constructor(scope: Construct, id: string, props: DeletionLockProps) {
    super(scope, id);
    requireValid(this, propProblems(props, { resourceId, name: lockName, reason: lockReason }));
    const lock = new ManagementLock(this, 'Resource', {
      name: props.name,
      scope: props.resourceId,
      lockLevel: 'CanNotDelete',
      notes: props.reason,
      ...(props.after === undefined || props.after.length === 0 ? {} : { dependsOn: [...props.after] }),
    });
    this.lockId = lock.id;
  }
}
