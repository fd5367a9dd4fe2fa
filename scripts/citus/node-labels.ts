/** What a label is made from. */
interface NamedNode {
  /** 0 is the coordinator. */
  readonly groupId: number;
  readonly name: string;
}

/** `private-w0.`, `w0.` and `w0-`: how Azure begins the host name of its first worker. */
const AZURE_WORKER = /^(?:private-)?(w\d+)[.-]/;

/**
 * Short names for people, in the order of `nodes`: `coordinator`, `w0`, `w1`. Azure's host names carry the worker's
 * number, and its group ids need not follow it, so the names win when every worker has one of its own; anywhere else
 * workers are numbered by group id, the order in which they were added.
 */
export function labelNodes(nodes: readonly NamedNode[]): string[] {
  const workers = nodes.filter(({ groupId }) => groupId !== 0).sort((a, b) => a.groupId - b.groupId);
  const named = workers.map(({ name }) => AZURE_WORKER.exec(name)?.[1]);
  const namesTellThemApart =
    named.every((label) => label !== undefined) && new Set(named).size === named.length;
  const label = new Map(
    workers.map(({ groupId }, index) => [
      groupId,
      namesTellThemApart ? (named[index] ?? '') : `w${String(index)}`,
    ]),
  );
  return nodes.map(({ groupId }) => label.get(groupId) ?? 'coordinator');
}
