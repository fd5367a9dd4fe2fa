import { tableKey } from '../../config/workload/identifiers';
import { assign, placements } from './assignment';
import type { JoinKey } from './join-keys';
import type { Forecast, Route } from '../database/forecast/forecast';
import { forecast } from '../database/forecast/forecast';
import { CLEARLY_LARGER, MOST_COMPARED, SAME_SHARE } from './limits';
import type { AdviceModel } from './advice-model';
import { percent } from './advice-model';

/** What choosing a domain would bring, in numbers. */
export interface Consequence {
  readonly domain: JoinKey;
  /** Tables that have its column. */
  readonly tables: number;
  /** Bytes of those, and their share of the database. */
  readonly bytes: number;
  readonly coverage: number;
  /** Share of the workload by how it would run; all zero where there is no workload. */
  readonly routes: Readonly<Record<Route, number>>;
  readonly ownerBytes: number;
}

export interface Round {
  readonly chosen: JoinKey | undefined;
  readonly compared: readonly Consequence[];
  /** Why the first, or why none. */
  readonly because: string;
}

/**
 * Chooses, round by round, what the tables are distributed by: the first domain for all it covers, the next for the large
 * tables that are left. Comparisons are made number by number in a fixed order, never by a total. Pure.
 */
export function chooseJoinKeys(situation: AdviceModel): {
  readonly chosen: JoinKey[];
  readonly rounds: Round[];
} {
  const chosen: JoinKey[] = [];
  const rounds: Round[] = [];
  const hopeless = new Set<JoinKey>();
  for (;;) {
    const before = assign(situation, chosen);
    const open = new Set(
      [...situation.tables.keys()].filter((key) => {
        const place = before.get(key)?.kind;
        return chosen.length === 0 || (place === 'undecided' && situation.isLarge(key));
      }),
    );
    const candidates = rankByBytes(situation, open, chosen, hopeless);
    if (candidates.length === 0) return { chosen, rounds };
    const compared = candidates.map((domain) => weigh(situation, open, [...chosen, domain]));
    const round = decide(compared);
    rounds.push(round);
    if (round.chosen === undefined) {
      for (const { domain } of compared) hopeless.add(domain);
      if (chosen.length === 0) return { chosen, rounds };
    } else chosen.push(round.chosen);
  }
}

/** The domains worth a look: possible, and with the most bytes or the most of the workload. */
function rankByBytes(
  situation: AdviceModel,
  open: ReadonlySet<string>,
  chosen: readonly JoinKey[],
  hopeless: ReadonlySet<JoinKey>,
): JoinKey[] {
  const ranked = situation.domains
    .filter((domain) => !chosen.includes(domain) && !hopeless.has(domain))
    .map((domain) => {
      const members = [...domain.members.keys()].filter(
        (key) => open.has(key) && situation.member(domain, key) !== undefined,
      );
      const columns = members.flatMap((key) => domain.members.get(key) ?? []);
      return {
        domain,
        tables: members.length,
        bytes: members.reduce((sum, key) => sum + situation.statistics(key).bytes, 0),
        used: columns.reduce((most, each) => Math.max(most, each.filtered + each.joined), 0),
      };
    })
    .filter(
      ({ tables, bytes, domain }) => tables > 0 && bytes > 0 && situation.domainFault(domain) === undefined,
    );
  const half = MOST_COMPARED / 2;
  const byUse = [...ranked]
    .filter(({ used }) => used > 0)
    .sort((a, b) => b.used - a.used || b.bytes - a.bytes);
  const byBytes = [...ranked].sort((a, b) => b.bytes - a.bytes || b.tables - a.tables);
  return [...new Set([...byUse.slice(0, half), ...byBytes.slice(0, half)].map(({ domain }) => domain))];
}

function weigh(situation: AdviceModel, open: ReadonlySet<string>, chosen: readonly JoinKey[]): Consequence {
  const domain = chosen.at(-1);
  if (domain === undefined) throw new Error('there is nothing to weigh');
  const members = [...domain.members.keys()].filter(
    (key) => open.has(key) && situation.member(domain, key) !== undefined,
  );
  const bytes = members.reduce((sum, key) => sum + situation.statistics(key).bytes, 0);
  return {
    domain,
    tables: members.length,
    bytes,
    coverage: situation.bytes === 0 ? 0 : bytes / situation.bytes,
    routes: routeShares(forecasts(situation, chosen), situation),
    ownerBytes: domain.owner === undefined ? 0 : situation.statistics(domain.owner).bytes,
  };
}

/** How each query of the workload would run, in its order; undefined where PostgreSQL could not plan it. */
export function forecasts(situation: AdviceModel, chosen: readonly JoinKey[]): (Forecast | undefined)[] {
  const { queries } = situation.input;
  if (queries.length === 0) return [];
  const placement = placements(situation, assign(situation, chosen));
  return queries.map(({ shape }) =>
    shape === undefined ? undefined : forecast(shape, (table) => placement(tableKey(table))),
  );
}

function routeShares(
  found: readonly (Forecast | undefined)[],
  { input }: AdviceModel,
): Record<Route, number> {
  const shares: Record<Route, number> = {
    'one-shard': 0,
    'some-shards': 0,
    'all-shards': 0,
    repartition: 0,
    refused: 0,
    coordinator: 0,
    unknown: 0,
  };
  for (const [index, each] of found.entries()) {
    shares[each?.route ?? 'unknown'] += input.queries[index]?.share ?? 0;
  }
  return shares;
}

function broken({ routes }: Consequence): number {
  return routes.repartition + routes.refused;
}

/** One number that candidates are compared by; more is better. */
interface Measure {
  readonly value: (of: Consequence) => number;
  /** As good as the best. */
  readonly equals: (best: number, other: number) => boolean;
  readonly why: (best: number, other: number) => string;
}

const closeShares = (best: number, other: number): boolean => best - other <= SAME_SHARE;

/** In this order: a later one counts among those alone that the earlier ones found equal. */
const MEASURES: readonly Measure[] = [
  {
    value: (of) => -broken(of),
    equals: closeShares,
    why: (best, other) =>
      `${percent(-best)} of the workload would need joins that Citus does not make by itself, against ${percent(-other)}`,
  },
  {
    value: ({ routes }) => routes['one-shard'],
    equals: closeShares,
    why: (best, other) =>
      `${percent(best)} of the workload would run on one shard, against ${percent(other)}`,
  },
  {
    value: ({ coverage }) => coverage,
    equals: closeShares,
    why: (best, other) => `its tables hold ${percent(best)} of the bytes, against ${percent(other)}`,
  },
  {
    value: ({ tables }) => tables,
    equals: (best, other) => best === other,
    why: (best, other) => `${String(best)} tables have it, against ${String(other)}`,
  },
  {
    value: ({ ownerBytes }) => ownerBytes,
    equals: (best, other) => best === 0 || best < other * CLEARLY_LARGER,
    why: () => 'it is the key of the larger table, which need not be copied to every node then',
  },
];

/** Keeps, measure by measure, those that are as good as the best. */
function foremost(compared: readonly Consequence[]): readonly Consequence[] {
  let kept = compared;
  for (const { value, equals } of MEASURES) {
    const best = Math.max(...kept.map(value));
    kept = kept.filter((each) => equals(best, value(each)));
  }
  return kept;
}

/** The first measure that tells two apart, in words. */
function difference(better: Consequence, other: Consequence): string | undefined {
  const measure = MEASURES.find(({ value, equals }) => {
    const [best, rest] = [value(better), value(other)];
    return best > rest && !equals(best, rest);
  });
  return measure?.why(measure.value(better), measure.value(other));
}

function decide(compared: readonly Consequence[]): Round {
  const [first, equal] = foremost(compared);
  if (first === undefined) return { chosen: undefined, compared, because: 'no column will do' };
  const { domain } = first;
  const used = [...domain.members.values()].flat().some(({ filtered, joined }) => filtered + joined > 0);
  if (first.tables === 1 && !used) {
    return {
      chosen: undefined,
      compared,
      because: `nothing says by what its rows are read: no query filters by ${domain.name}, and no other table has it`,
    };
  }
  if (equal !== undefined) {
    return {
      chosen: undefined,
      compared,
      because: `${domain.name} and ${equal.domain.name} come out equal: a file of queries (--queries) or pg_stat_statements would tell them apart`,
    };
  }
  const second = foremost(compared.filter((each) => each !== first))[0];
  const gap = second === undefined ? undefined : difference(first, second);
  if (second === undefined || gap === undefined) {
    return { chosen: domain, compared, because: 'no other column comes into question' };
  }
  return { chosen: domain, compared, because: `rather than ${second.domain.name}: ${gap}` };
}
