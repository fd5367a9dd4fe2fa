import type { Client } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { nodeName } from '../../citus/nodes';
import type { LiveTable } from '../model/live';
import { readPlacedShards } from '../../citus/shards';
import { groupBy } from '../../lib/group-by';
import { askShardStates, readOwnStates } from './shards';
import type { PlacedShard, ShardState, Unanswered } from './shards';

/** A placement of a shard that is not as its table, or not as most of the table's shards. */
export interface OddShard {
  readonly table: TableName;
  /** The relation on the node. */
  readonly relation: string;
  readonly node: string;
  /** `row-level security`, `indexes`, `constraints`, `grants`, `NOT NULL`, `missing`, or `no answer` */
  readonly what: string;
  /** What the node said instead of an answer. */
  readonly said?: string;
}

/**
 * Shards that have other definitions than their table, or than its other shards: policies, an index, a key, a grant that some of them
 * lost, which no look at the table shows. Names and numbers of shards aside. The text of a definition, which each node writes its own
 * way, is held against the other shards; what both sides can count or name is held against the table.
 *
 * @param tables of which those that Citus keeps in shards are looked at, with their partitions
 */
export async function readOddShards(
  client: Client,
  tables: readonly Pick<LiveTable, 'table' | 'citus'>[],
): Promise<OddShard[]> {
  const inShards = tables.filter(({ citus: { kind } }) => kind !== 'plain' && kind !== 'local');
  if (inShards.length === 0) return [];
  const shards = await readPlacedShards(
    client,
    inShards.map(({ table }) => table),
  );
  const states = await askShardStates(client, shards);
  const own = await readOwnStates(
    client,
    inShards.map(({ table }) => table),
  );
  const placements = shards.map((shard, index) => ({ shard, state: states[index] }));
  return [...groupBy(placements, ({ shard }) => tableKey(shard.table)).values()].flatMap((all) =>
    oddOnes(all, own.get(tableKey(all[0].shard.table))),
  );
}

/** `indexes of public.events_102010 on worker-1:5432`; `public.events_102010 is missing on worker-1:5432` */
export function describeOddShard({ what, relation, node, said = '' }: OddShard): string {
  if (what === 'no answer')
    return `${node} gave no answer about ${relation}${said === '' ? '' : ` (${said.replaceAll(/\s+/g, ' ').trim()})`}`;
  return what === 'missing' ? `${relation} is missing on ${node}` : `${what} of ${relation} on ${node}`;
}

interface Placement {
  readonly shard: PlacedShard;
  readonly state: ShardState | Unanswered | undefined;
}

/** @param own of the table itself; undefined where it is gone meanwhile */
function oddOnes(placements: readonly Placement[], own: ShardState | undefined): OddShard[] {
  const odd = (what: string, { shard }: Placement): OddShard => ({
    table: shard.table,
    relation: shard.relation,
    node: nodeName(shard.node),
    what,
  });
  const there = placements.flatMap(({ shard, state }) =>
    state === undefined || 'noAnswer' in state ? [] : [{ shard, state }],
  );
  // Foreign keys of a reference table to one that is local are on the coordinator alone.
  const copied = new Set(placements.map(({ shard }) => shard.shardId)).size < placements.length;
  return [
    ...placements.filter(({ state }) => state === undefined).map((each) => odd('missing', each)),
    ...placements.flatMap((each) =>
      each.state !== undefined && 'noAnswer' in each.state
        ? [{ ...odd('no answer', each), said: each.state.noAnswer }]
        : [],
    ),
    ...PARTS.flatMap(({ what, of, shared }) => {
      const texts = there.map(({ state }) => unnumbered(of(state, copied)));
      const usual = mostOf(texts);
      const table = own === undefined ? undefined : JSON.stringify(shared(own));
      return there
        .filter(
          ({ state }, index) =>
            texts[index] !== usual || (table !== undefined && JSON.stringify(shared(state)) !== table),
        )
        .map((each) => odd(what, each));
    }),
  ];
}

const PARTS: readonly {
  readonly what: string;
  readonly of: (state: ShardState, copied: boolean) => unknown;
  /** What of it is the same on the table, whichever node writes it down. */
  readonly shared: (state: ShardState) => unknown;
}[] = [
  {
    what: 'row-level security',
    of: ({ security }) => security,
    shared: ({ security: { policies, ...flags } }) => ({
      ...flags,
      policies: policies.map(({ name, permissive, command, roles }) => ({
        name,
        permissive,
        command,
        roles,
      })),
    }),
  },
  { what: 'indexes', of: ({ indexes }) => indexes, shared: ({ indexes }) => indexes.length },
  {
    what: 'constraints',
    // A move may forget NOT VALID, and the table says what holds for its rows.
    of: ({ constraints }, copied) =>
      constraints
        .filter((definition) => !copied || !definition.startsWith('FOREIGN KEY'))
        .map((definition) => definition.replace(/ NOT VALID$/, '')),
    // Foreign keys of some kinds of tables are on the coordinator alone.
    shared: ({ constraints }) =>
      constraints.filter((definition) => !definition.startsWith('FOREIGN KEY')).length,
  },
  {
    what: 'grants',
    of: ({ grants }) => grants,
    // Citus keeps grants on columns on shards since 13.1 only; such a one begins with the column's name.
    shared: ({ grants }) => grants.filter((grant) => /^\S*=/.test(grant)),
  },
  { what: 'NOT NULL', of: ({ notNull }) => notNull, shared: ({ notNull }) => notNull },
];

/** Without the numbers by which shards are named. */
function unnumbered(part: unknown): string {
  return JSON.stringify(part).replaceAll(/_\d{4,}(?!\w)/g, '');
}

/** The most frequent one; of several the first. */
function mostOf(texts: readonly string[]): string | undefined {
  const counted = [...groupBy(texts, (text) => text).values()];
  return counted.toSorted((a, b) => b.length - a.length)[0]?.[0];
}
