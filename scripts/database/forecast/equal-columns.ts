import type { ColumnReference } from './condition';

/** Sets of strings that are merged two at a time, and asked whether two are in one set. */
export class EqualSets {
  private readonly parents = new Map<string, string>();

  find(item: string): string {
    let root = item;
    for (let next = this.parents.get(root); next !== undefined; next = this.parents.get(root)) root = next;
    for (let at = item; at !== root;) {
      const next = this.parents.get(at) ?? root;
      this.parents.set(at, root);
      at = next;
    }
    return root;
  }

  join(a: string, b: string): void {
    const [left, right] = [this.find(a), this.find(b)];
    if (left !== right) this.parents.set(left, right);
  }

  same(a: string, b: string): boolean {
    return this.find(a) === this.find(b);
  }
}

/** One string for a column of a relation of a query. */
export function referenceKey({ alias, column }: ColumnReference): string {
  return JSON.stringify([alias, column]);
}
