import type { Client } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { nodeName } from '../../citus/nodes';
import { keepsColumnGrants } from '../../citus/versions';
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
  /** `row-level security`, `indexes` and so on, `missing`, or `no answer` */
  readonly what: string;
  /** What the node said instead of an answer. */
  readonly said?: string;
}

/**
 * Shards that have other definitions than their table, or than its other shards: policies, an index, a key, a grant that some of them
 * lost, which no look at the table shows. Names and numbers of shards aside.
 *
 * @param tables of which those that Citus keeps in shards are looked at, with their partitions
 * @param citusVersion of the cluster. @default - none of what newer versions alone keep on shards is held against the table
 */
export async function readOddShards(
  client: Client,
  tables: readonly Pick<LiveTable, 'table' | 'citus'>[],
  citusVersion?: string,
): Promise<OddShard[]> {
  const inShards = tables.filter(({ citus: { kind } }) => kind !== 'plain');
  if (inShards.length === 0) return [];
  const shards = await readPlacedShards(
    client,
    inShards.map(({ table }) => table),
  );
  const states = await askShardStates(client, shards);
  const placements = groupBy(
    shards.map((shard, index) => ({ shard, state: states[index] })),
    ({ shard }) => tableKey(shard.table),
  );
  const own = await readOwnStates(
    client,
    [...placements.values()].map(([{ shard }]) => shard.table),
  );
  // The others have foreign keys to tables of the coordinator, which are there alone.
  const onCoordinator = new Set(
    inShards
      .filter(({ citus: { kind } }) => kind === 'reference' || kind === 'local')
      .map(({ table }) => tableKey(table)),
  );
  return [...placements].flatMap(([key, all]) =>
    oddOnes(all, own.get(key), {
      foreignKeys: !onCoordinator.has(key),
      columnGrants: keepsColumnGrants(citusVersion),
    }),
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

/** What of a table its shards have as well. */
interface Carried {
  readonly foreignKeys: boolean;
  readonly columnGrants: boolean;
}

/** @param own of the table itself; undefined where it is gone meanwhile */
function oddOnes(
  placements: readonly Placement[],
  own: ShardState | undefined,
  carried: Carried,
): OddShard[] {
  const odd = (what: string, { shard }: Placement): OddShard => ({
    table: shard.table,
    relation: shard.relation,
    node: nodeName(shard.node),
    what,
  });
  const there = placements.flatMap(({ shard, state }) =>
    state === undefined || 'noAnswer' in state ? [] : [{ shard, state }],
  );
  return [
    ...placements.filter(({ state }) => state === undefined).map((each) => odd('missing', each)),
    ...placements.flatMap((each) =>
      each.state !== undefined && 'noAnswer' in each.state
        ? [{ ...odd('no answer', each), said: each.state.noAnswer }]
        : [],
    ),
    ...PARTS.flatMap(({ what, of, shared }) => {
      const texts = there.map(({ state }) => unnumbered(of(state, carried)));
      const usual = mostOf(texts);
      const table = own === undefined ? undefined : unnumbered(shared(own, carried));
      return there
        .filter(
          ({ shard, state }, index) =>
            texts[index] !== usual ||
            (table !== undefined && !isCut(shard) && unnumbered(shared(state, carried)) !== table),
        )
        .map((each) => odd(what, each));
    }),
  ];
}

/** Names that are too long with the number of a shard are cut and hashed: text with them is like no other. */
function isCut({ table }: PlacedShard): boolean {
  return Buffer.byteLength(table.name) + SHARD_NUMBER_BYTES > LONGEST_NAME_BYTES;
}
const LONGEST_NAME_BYTES = 63;
const SHARD_NUMBER_BYTES = 11;

const PARTS: readonly {
  readonly what: string;
  /** What is the same on each of its shards. */
  readonly of: (state: ShardState, carried: Carried) => unknown;
  /** What is the same on the table too. */
  readonly shared: (state: ShardState, carried: Carried) => unknown;
}[] = [
  {
    what: 'row-level security',
    of: ({ security }) => security,
    shared: ({ security }) => security,
  },
  {
    what: 'indexes',
    of: ({ indexes }) => indexes,
    shared: ({ indexes }) => indexes.map(withoutNames).toSorted(),
  },
  {
    what: 'constraints',
    of: constraintsOf,
    shared: (state, carried) => constraintsOf(state, carried).map(withoutNames).toSorted(),
  },
  {
    what: 'grants',
    of: ({ grants }) => grants,
    shared: ({ privileges, columnPrivileges }, { columnGrants }) => [
      privileges,
      columnGrants ? columnPrivileges : [],
    ],
  },
  { what: 'NOT NULL', of: ({ notNull }) => notNull, shared: ({ notNull }) => notNull },
  { what: 'columns', of: ({ columns }) => columns, shared: ({ columns }) => columns },
  {
    what: 'storage',
    of: ({ persistence }) => persistence,
    shared: ({ persistence }) => persistence,
  },
  { what: 'triggers, rules or replica identity', of: ({ behaviour }) => behaviour, shared: () => null },
];

/** A move may forget NOT VALID, and the table says what holds for its rows. */
function constraintsOf({ constraints }: ShardState, { foreignKeys }: Carried): string[] {
  return constraints
    .filter((definition) => foreignKeys || !definition.startsWith('FOREIGN KEY'))
    .map((definition) => definition.replace(/ NOT VALID$/, ''));
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\s".(]+)`;
const INDEX = new RegExp(
  String.raw`^CREATE (UNIQUE )?INDEX ${NAME} ON (?:ONLY )?(?:${NAME}\.)?${NAME} USING `,
);
const REFERENCES = new RegExp(String.raw`\bREFERENCES (?:${NAME}\.)?${NAME}\(`);

/**
 * A definition of an index or a constraint without what it is called and which table it leads to. Whether it is valid aside, and NO
 * INHERIT, which Citus leaves out on shards.
 */
function withoutNames(definition: string): string {
  return definition
    .replace(INDEX, 'CREATE $1INDEX USING ')
    .replace(REFERENCES, 'REFERENCES (')
    .replace(/ \(invalid\)$| NO INHERIT$/, '');
}

/** Without the numbers by which shards are named; a table's own number at its end goes with them. */
function unnumbered(part: unknown): string {
  return JSON.stringify(part).replaceAll(/(?:_\d{4,})+(?!\w)/g, '');
}

/** The most frequent one; of several the first. */
function mostOf(texts: readonly string[]): string | undefined {
  const counted = [...groupBy(texts, (text) => text).values()];
  return counted.toSorted((a, b) => b.length - a.length)[0]?.[0];
}
