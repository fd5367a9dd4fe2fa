import type { RunEvent } from '../../scripts/lib/events';
import type { Terminal } from '../../scripts/lib/terminal-block';
import type { VerbContext } from '../../scripts/lib/verb';
import type { Job, Task, TaskStatus } from '../../scripts/citus/job';
import type { Node } from '../../scripts/citus/nodes';
import type { ShardGroup, Snapshot } from '../../scripts/citus/placements';

/** Nodes of one host, as on a test machine: node id n+1, group id n, port 9700+n. */
export function clusterNodes(count: number): Node[] {
  return Array.from({ length: count }, (_, index) => ({
    nodeId: index + 1,
    groupId: index,
    name: '127.0.0.1',
    port: 9700 + index,
    label: index === 0 ? 'coordinator' : `w${String(index - 1)}`,
    shouldHaveShards: true,
    active: true,
  }));
}

/** Shard groups of two colocated tables, `devices` 1.. and `events` 101.., on the given nodes (group ids). */
export function snapshot(nodeCount: number, on: readonly number[], bytes = 1000): Snapshot {
  const groups: ShardGroup[] = on.map((groupId, index) => ({
    shardIds: [1 + index, 101 + index],
    tables: ['devices', 'events'],
    bytes,
    groupId,
  }));
  return { nodes: clusterNodes(nodeCount), groups };
}

type MakeTask = (shardId: number, status: TaskStatus, more?: Partial<Task>) => Task;

/** Makes tasks that move a shard group of a {@link snapshot} from the coordinator to w0. */
export function tasksOf(bytes: number): MakeTask {
  const [from, to] = clusterNodes(2) as [Node, Node];
  const group = { tables: ['devices', 'events'], bytes, from, to, mode: 'auto' as const };
  return (shardId, status, more) => ({
    id: shardId,
    status,
    retries: 0,
    error: '',
    backsOff: false,
    move: { shardId, shardIds: [shardId, 100 + shardId], ...group },
    ...more,
  });
}

export const moveTask = tasksOf(1000);

export function job(more: Partial<Job> = {}): Job {
  return {
    id: 3,
    state: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    seconds: 10,
    tasks: [],
    ...more,
  };
}

export interface Recorded {
  readonly context: VerbContext;
  readonly infos: string[];
  readonly warnings: string[];
  readonly events: RunEvent[];
  readonly updates: { readonly done: number; readonly detail: string }[];
  readonly abort: AbortController;
}

/**
 * A context that remembers what was reported, and a hand on its Ctrl-C.
 *
 * @param onMoved once the last move is done, before anything is compared
 */
export function recordingContext(
  onProgress: (detail: string) => void = () => undefined,
  onMoved: () => void = () => undefined,
): Recorded {
  const abort = new AbortController();
  const infos: string[] = [];
  const warnings: string[] = [];
  const events: RunEvent[] = [];
  const updates: { done: number; detail: string }[] = [];
  return {
    infos,
    warnings,
    events,
    updates,
    abort,
    context: {
      signal: abort.signal,
      confirm: async () => true,
      reporter: {
        info: (text) => infos.push(text),
        event: (event) => events.push(event),
        warn: (text) => warnings.push(text),
        heading: () => undefined,
        progress: (title) => ({
          update: (done, detail = '') => {
            updates.push({ done, detail });
            onProgress(detail);
          },
          finish: () => {
            if (/^(?:rebalance job|moving shards)/.test(title)) onMoved();
          },
        }),
      },
    },
  };
}

/** A stream that keeps what is written to it. */
export function recordingStream(isTTY: boolean): Terminal & { readonly written: string[] } {
  const written: string[] = [];
  return { isTTY, columns: 80, rows: 40, written, write: (text) => written.push(text) };
}
