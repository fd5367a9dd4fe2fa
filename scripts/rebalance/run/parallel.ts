import type { Client } from 'pg';
import type { TableTies } from '../../citus/ties';
import type { CopyWay } from '../cost/move-cost';

/** A move that is under way, or might be. */
export interface Concurrent {
  readonly shardId: number;
  readonly way: CopyWay;
  /** `name:port` of the node it goes to. */
  readonly to: string;
  /** Names its colocation group. */
  readonly group: string;
  /** Reference tables that its tables refer to by foreign keys, at any remove. */
  readonly references: readonly string[];
}

/**
 * Whether a move may begin while others are under way. Pure. Those that block writes go one at a time, and nothing else arrives where they
 * copy to: they would share disks and cores, and each pause would be longer. A blocked move also holds the reference tables that it
 * refers to, for which another that refers to them would wait with its own writers held.
 *
 * @param severalOfAGroup whether this Citus moves several shards of one colocation group at a time
 */
export function mayRunBeside(
  move: Concurrent,
  underWay: readonly Concurrent[],
  severalOfAGroup: boolean,
): boolean {
  return underWay.every((other) => {
    if (other.shardId === move.shardId) return false;
    if (!severalOfAGroup && other.group === move.group) return false;
    if (other.way === 'logical' && move.way === 'logical') return true;
    return (
      other.way !== move.way &&
      other.to !== move.to &&
      !other.references.some((table) => move.references.includes(table))
    );
  });
}

/** What the tables of a shard group have in common with others. Pure. */
export function tiesOf(
  tables: readonly string[],
  ties: ReadonlyMap<string, TableTies>,
): Pick<Concurrent, 'group' | 'references'> {
  const known = tables.flatMap((table) => ties.get(table) ?? []);
  return {
    group: known[0]?.group ?? tables[0] ?? '',
    references: [...new Set(known.flatMap(({ references }) => references))],
  };
}

/** The sessions that one move at a time is made with. */
export interface Lane {
  /** Makes it. */
  readonly client: Client;
  /** Watches it. */
  readonly guard: Client;
}

type WithSession = <T>(use: (session: Client) => Promise<T>) => Promise<T>;

/** Opens so many lanes for as long as `use` takes. A single one moves in the session that is there. */
export async function withLanes<T>(
  client: Client,
  count: number,
  { withGuard, withMover }: { readonly withGuard: WithSession; readonly withMover: WithSession },
  use: (lanes: readonly [Lane, ...Lane[]]) => Promise<T>,
): Promise<T> {
  if (count <= 1) return withGuard((guard) => use([{ client, guard }]));
  // What several lanes report is written by the session that is there, so that none of them may move in it.
  const open = async (lanes: readonly Lane[]): Promise<T> => {
    const [first, ...more] = lanes;
    if (first !== undefined && lanes.length === count) return use([first, ...more]);
    return withMover((mover) => withGuard((guard) => open([...lanes, { client: mover, guard }])));
  };
  return open([]);
}
