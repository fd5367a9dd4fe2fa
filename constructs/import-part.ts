import type { TerraformResource } from 'cdktf';
import type { ClusterOrigin } from './cluster-origin';

/**
 * Orders Terraform to import a part of a cluster that is itself imported; nothing for any other cluster.
 *
 * @param part the rest of the part's resource id, as in `roles/app`
 */
export function importPart(
  resource: TerraformResource,
  origin: ClusterOrigin | undefined,
  part: string,
): void {
  if (origin?.importFrom !== undefined) resource.importFrom(`${origin.importFrom}/${part}`);
}
