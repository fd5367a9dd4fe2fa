import type { ITerraformDependable } from 'cdktf';

/** Meta-argument of a resource that waits for another; nothing for the first one. */
export interface Waits {
  readonly dependsOn?: ITerraformDependable[];
}

/**
 * Makes one resource after the other, each waiting for the one before, the first for `after`: the service refuses a
 * change of a cluster while another one runs, and the provider does not wait.
 *
 * @returns what comes last, for others to wait for; `after` where there is nothing to make
 */
export function inSequence<T>(
  items: readonly T[],
  after: ITerraformDependable | undefined,
  make: (item: T, waits: Waits) => ITerraformDependable,
): ITerraformDependable | undefined {
  return items.reduce<ITerraformDependable | undefined>(
    (previous, item) => make(item, previous === undefined ? {} : { dependsOn: [previous] }),
    after,
  );
}

/** Sorted by name, so that the order does not depend on who lists what first. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}
