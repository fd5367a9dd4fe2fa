import type { TerraformResource } from 'cdktf';
import { TerraformElement } from 'cdktf';
import type { ClusterOrigin } from './cluster-origin';

/**
 * Orders Terraform to import a cluster that was there before, or a part of it; nothing for any other cluster.
 *
 * @param part the rest of the part's resource id, as in `roles/app`; absent for the cluster itself
 */
export function importPart(
  resource: TerraformResource,
  origin: ClusterOrigin | undefined,
  part?: string,
): void {
  if (origin?.importFrom === undefined) return;
  new ImportBlock(resource, part === undefined ? origin.importFrom : `${origin.importFrom}/${part}`);
}

/**
 * What `resource.importFrom` writes. That asks the Terraform of the machine for its version at every synth, once for each
 * resource, and fails where there is none; a stack says in required_version what it needs.
 */
class ImportBlock extends TerraformElement {
  readonly #block: { readonly id: string; readonly to: string };

  constructor(resource: TerraformResource, id: string) {
    super(resource, 'Import');
    this.#block = { id, to: `${resource.terraformResourceType}.${resource.friendlyUniqueId}` };
  }

  override toTerraform() {
    return { import: [this.#block] };
  }
}
