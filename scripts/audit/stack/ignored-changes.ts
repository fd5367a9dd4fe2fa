import { CLUSTER } from './azurerm';
import { blocksAt } from './blocks';
import type { Block, Json, Synthesized } from './synthesized';
import { resourcesOf } from './synthesized';

export const CLUSTER_PASSWORD = 'administrator_login_password';

/** What Terraform leaves as it is, whatever the stack says; as written, which may be no name of an argument. */
export function ignoredChanges({ body }: Block): readonly Json[] {
  return blocksAt(body, 'lifecycle').flatMap(({ ignore_changes: ignored }): readonly Json[] => {
    if (ignored === undefined || ignored === null) return [];
    return Array.isArray(ignored) ? (ignored as readonly Json[]) : [ignored];
  });
}

/** True where Terraform leaves the whole argument as it is. */
export function ignores(block: Block, argument: string): boolean {
  return ignoredChanges(block).some((each) => typeof each === 'string' && each.trim() === argument);
}

/**
 * True for a cluster that was there before Terraform came: Azure never tells its password, so the stack has none and
 * ignores the one there is.
 */
export function keepsUnknownPassword(cluster: Block): boolean {
  return (cluster.body[CLUSTER_PASSWORD] ?? null) === null && ignores(cluster, CLUSTER_PASSWORD);
}

/** True where every cluster of the stack, and there is one, was there before Terraform came. */
export function isAdopted(stack: Synthesized): boolean {
  const clusters = resourcesOf(stack, CLUSTER);
  return clusters.length > 0 && clusters.every(keepsUnknownPassword);
}
