import type { TerraformResource } from 'cdktf';

/**
 * Keeps the reason for something risky beside the resource that does it, in the comment that Terraform ignores:
 * `"//": { "reasons": { "allowAzureServices": "..." } }`. Whoever reads what was synthesized finds it there.
 *
 * @param prop the prop that asked for it
 */
export function noteReason(resource: TerraformResource, prop: string, reason: string): void {
  resource.addOverride(`//.reasons.${prop}`, reason.trim());
}
