import { CLUSTER } from './azurerm';
import { blocksAt } from './blocks';
import type { Json, JsonObject, Synthesized } from './synthesized';
import { isObject } from './synthesized';

/** The section of a stack that says what of Azure Terraform takes over. */
export const IMPORT = 'import';

/**
 * The comment in an import block that no config asked for: what a killed deploy created is taken over by the next one.
 * Terraform reads past it.
 */
export const ORPHAN_COMMENT = { orphan: true } as const;

/** The import blocks of the stack itself, without those of {@link ORPHAN_COMMENT}. */
export function importBlocks({ document }: Synthesized): readonly JsonObject[] {
  return blocksAt(document, IMPORT).filter(({ '//': comment }) => !isOrphanComment(comment));
}

/** The resource ids that the stack itself takes over, by their addresses. */
export function ownImports(stack: Synthesized): ReadonlyMap<string, string> {
  return new Map(
    importBlocks(stack).flatMap(({ to, id }) =>
      typeof to === 'string' && typeof id === 'string' ? [[to, id] as const] : [],
    ),
  );
}

/** True while the stack takes over a cluster that was there before Terraform came. */
export function isAdopting(stack: Synthesized): boolean {
  return [...ownImports(stack).keys()].some((address) => address.startsWith(`${CLUSTER}.`));
}

function isOrphanComment(comment: Json | undefined): boolean {
  return isObject(comment) && comment['orphan'] === ORPHAN_COMMENT.orphan;
}
