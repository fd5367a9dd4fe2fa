/** A row by its table and key, and what it reads as; undefined where it is deleted. */
export interface Change {
  /** `table:key` */
  readonly key: string;
  readonly line: string | undefined;
}

/**
 * What writers know of the rows: those there were, what was acknowledged, and what was neither acknowledged nor refused, of which each
 * transaction may be there as a whole or not at all.
 */
export class Memory {
  private readonly rows: Map<string, string>;
  private readonly doubts: (readonly Change[])[] = [];
  private readonly doubtful = new Set<string>();
  private readonly writtenAt = new Map<string, number>();
  private count = 0;

  /** @param rows there are before anybody writes, by key */
  constructor(rows: ReadonlyMap<string, string>) {
    this.rows = new Map(rows);
  }

  /** Transactions that were acknowledged. */
  get acknowledged(): number {
    return this.count;
  }

  /** Transactions of which nobody heard. */
  get inDoubt(): number {
    return this.doubts.length;
  }

  /** Of a row that nobody doubts, what it reads as. */
  read(key: string): string | undefined {
    return this.doubtful.has(key) ? undefined : this.rows.get(key);
  }

  acknowledge(changes: readonly Change[]): void {
    this.count += 1;
    this.apply(changes);
  }

  /** Whoever writes these rows once more would not know which of the two it was. */
  doubt(changes: readonly Change[]): void {
    this.doubts.push(changes);
    for (const { key } of changes) this.doubtful.add(key);
  }

  /** What is wrong with the rows that are there at the end, one line each: lost, too much, otherwise, half of a transaction. */
  compare(found: ReadonlyMap<string, string>): string[] {
    const problems: string[] = [];
    for (const changes of this.doubts) {
      const made = changes.filter(({ key, line }) => found.get(key) === line);
      const unmade = changes.filter(({ key }) => found.get(key) === this.rows.get(key));
      if (made.length === changes.length) this.apply(changes);
      else if (unmade.length < changes.length)
        problems.push(`half of a transaction: ${made.map(({ key }) => key).join(', ')}`);
    }
    for (const [key, line] of this.rows) {
      const now = found.get(key);
      if (now !== line)
        problems.push(`lost: ${key} = ${line}${this.since(key)}, which is ${now ?? 'not there'}`);
    }
    for (const key of found.keys()) if (!this.rows.has(key)) problems.push(`too much: ${key}`);
    return problems;
  }

  private since(key: string): string {
    const at = this.writtenAt.get(key);
    return at === undefined ? '' : `, acknowledged at ${new Date(at).toISOString()}`;
  }

  private apply(changes: readonly Change[]): void {
    for (const { key, line } of changes) {
      this.writtenAt.set(key, Date.now());
      if (line === undefined) this.rows.delete(key);
      else this.rows.set(key, line);
    }
  }
}
