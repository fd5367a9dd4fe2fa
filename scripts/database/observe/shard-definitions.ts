import type { Client } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { nodeName } from '../../citus/nodes';
import type { LiveTable } from '../model/live';
import { readPlacedShards } from '../../citus/shards';
import { groupBy } from '../../lib/group-by';
import { askShardStates } from './shards';
import type { PlacedShard, ShardState } from './shards';

/** A placement of a shard that is another one than most of its table. */
export interface OddShard {
  readonly table: TableName;
  /** The relation on the node. */
  readonly relation: string;
  readonly node: string;
  /** `row-level security`, `indexes`, `constraints`, `grants`, `NOT NULL`, `missing`, or `no answer` */
  readonly what: string;
}

/**
 * Shards that have other definitions than the others of their table: policies, an index, a key, a grant that one of them lost by itself,
 * which no look at the table shows. Names and numbers of shards aside. A table of one shard has no other to be held against.
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
  const placements = shards.map((shard, index) => ({ shard, state: states[index] }));
  return [...groupBy(placements, ({ shard }) => tableKey(shard.table)).values()].flatMap(oddOnes);
}

/** `indexes of public.events_102010 on worker-1:5432`; `public.events_102010 is missing on worker-1:5432` */
export function describeOddShard({ what, relation, node }: OddShard): string {
  if (what === 'no answer') return `${node} gave no answer about ${relation}`;
  return what === 'missing' ? `${relation} is missing on ${node}` : `${what} of ${relation} on ${node}`;
}

interface Placement {
  readonly shard: PlacedShard;
  readonly state: ShardState | 'no answer' | undefined;
}

function oddOnes(placements: readonly Placement[]): OddShard[] {
  const odd = (what: string, { shard }: Placement): OddShard => ({
    table: shard.table,
    relation: shard.relation,
    node: nodeName(shard.node),
    what,
  });
  const there = placements.flatMap(({ shard, state }) =>
    state === undefined || state === 'no answer' ? [] : [{ shard, state }],
  );
  // Foreign keys of a reference table to one that is local are on the coordinator alone.
  const copied = new Set(placements.map(({ shard }) => shard.shardId)).size < placements.length;
  return [
    ...placements.filter(({ state }) => state === undefined).map((each) => odd('missing', each)),
    ...placements.filter(({ state }) => state === 'no answer').map((each) => odd('no answer', each)),
    ...PARTS.flatMap(({ what, of }) => {
      const texts = there.map(({ state }) => unnumbered(of(state, copied)));
      const usual = mostOf(texts);
      return there.filter((_, index) => texts[index] !== usual).map((each) => odd(what, each));
    }),
  ];
}

const PARTS: readonly {
  readonly what: string;
  readonly of: (state: ShardState, copied: boolean) => unknown;
}[] = [
  { what: 'row-level security', of: ({ security }) => security },
  { what: 'indexes', of: ({ indexes }) => indexes },
  {
    what: 'constraints',
    // A move may forget NOT VALID, and the table says what holds for its rows.
    of: ({ constraints }, copied) =>
      constraints
        .filter((definition) => !copied || !definition.startsWith('FOREIGN KEY'))
        .map((definition) => definition.replace(/ NOT VALID$/, '')),
  },
  { what: 'grants', of: ({ grants }) => grants },
  { what: 'NOT NULL', of: ({ notNull }) => notNull },
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
