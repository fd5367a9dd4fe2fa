import { tableKey } from '../../config/workload/identifiers';
import { assign, placements } from './assignment';
import type { Candidate } from './candidate';
import { costOf, describeGap, furthest, isAlone, weigh, whyNot } from './candidate';
import { askedColumns } from './join-keys';
import type { JoinKey } from './join-keys';
import type { Forecast, Route } from '../database/forecast/forecast';
import { forecast } from '../database/forecast/forecast';
import { CLEARLY_LARGER, MOST_COMPARED, SAME_SCORE } from './limits';
import type { AdviceModel } from './advice-model';

/** A candidate that was not chosen. */
export interface Loser {
  readonly candidate: Candidate;
  readonly lost: string;
  readonly wins: string;
}

export interface Round {
  readonly chosen: JoinKey | undefined;
  /** Those that were compared by what each query would do, the best first. */
  readonly compared: readonly Candidate[];
  /** Every candidate that was not chosen, those that were not compared after the others. */
  readonly losers: readonly Loser[];
  readonly runnerUp?: { readonly domain: JoinKey; readonly cost: string };
  /** Why the first, or why none. */
  readonly because: string;
}

/**
 * Chooses, round by round, what the tables are distributed by: the first domain for all it covers, the next for the large
 * tables that are left. A column that somebody asks for is the first, whatever speaks against it. Pure.
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
    const left = situation.domains.filter((domain) => !chosen.includes(domain) && !hopeless.has(domain));
    const asked = chosen.length === 0 ? askedDomain(situation) : undefined;
    const all = left.map((domain) => weigh(situation, open, domain)).sort(byScore);
    const compared = foremost(situation, all, asked)
      .map(({ domain }) => weigh(situation, open, domain, routeShares(situation, [...chosen, domain])))
      .sort(byScore);
    if (compared.length === 0) {
      if (chosen.length === 0) rounds.push(nothing(situation, all));
      return { chosen, rounds };
    }
    const others = all.filter((each) => !compared.some(({ domain }) => domain === each.domain));
    const round = decide(situation, compared, chosen.length === 0 ? others : [], asked);
    rounds.push(round);
    if (round.chosen === undefined) {
      for (const { domain } of compared) hopeless.add(domain);
      if (chosen.length === 0) return { chosen, rounds };
    } else chosen.push(round.chosen);
  }
}

function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || b.bytes - a.bytes;
}

/** The candidates worth a look at what each query would do: possible, and with the most points or the most of the workload. */
function foremost(
  situation: AdviceModel,
  all: readonly Candidate[],
  asked: JoinKey | undefined,
): Candidate[] {
  const faultless = all.filter(
    ({ domain, tables, bytes }) => tables > 0 && bytes > 0 && situation.domainFault(domain) === undefined,
  );
  const together = faultless.filter(({ domain }) => !isAlone(domain));
  const possible = together.length > 0 ? together : faultless;
  const used = ({ domain }: Candidate): number =>
    [...domain.members.values()]
      .flat()
      .reduce((most, each) => Math.max(most, each.filtered + each.joined), 0);
  const half = MOST_COMPARED / 2;
  const byUse = possible
    .filter((each) => used(each) > 0)
    .sort((a, b) => used(b) - used(a) || b.bytes - a.bytes);
  const wanted = all.filter(({ domain }) => domain === asked);
  return [...new Set([...wanted, ...byUse.slice(0, half), ...possible.slice(0, half)])];
}

/** The domain of the column that somebody asks for: the one that most of the tables have. */
function askedDomain(situation: AdviceModel): JoinKey | undefined {
  const { asked, live } = situation.input;
  if (asked === undefined) return undefined;
  const names = askedColumns(live.tables, asked);
  const has = (domain: JoinKey): number =>
    names.filter(({ table, column }) =>
      domain.members.get(tableKey(table))?.some((member) => member.column.name === column),
    ).length;
  return situation.domains.filter((domain) => has(domain) > 0).sort((a, b) => has(b) - has(a))[0];
}

/**
 * How each query of the workload would run, in its order; undefined where PostgreSQL could not plan it.
 *
 * @param added tables that lack the column have got it, though no query holds it to a value yet; an INSERT goes on as it is
 */
export function forecasts(
  situation: AdviceModel,
  chosen: readonly JoinKey[],
  added = false,
): (Forecast | undefined)[] {
  const { queries } = situation.input;
  if (queries.length === 0) return [];
  const assigned = assign(situation, chosen);
  const [now, then] = [placements(situation, assigned), placements(situation, assigned, added)];
  return queries.map(({ shape }) =>
    shape === undefined
      ? undefined
      : forecast(shape, (table) => (shape.command === 'insert' ? now : then)(tableKey(table))),
  );
}

function routeShares(situation: AdviceModel, chosen: readonly JoinKey[]): Record<Route, number> {
  return sharesByRoute(
    forecasts(situation, chosen, true).map((each, index) => ({
      route: each?.route ?? 'unknown',
      share: situation.input.queries[index]?.share ?? 0,
    })),
  );
}

/** Shares of a workload, 0 to 1, by where its queries go. */
export function sharesByRoute(
  queries: readonly { readonly route: Route; readonly share: number }[],
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
  for (const { route, share } of queries) shares[route] += share;
  return shares;
}

function nothing(situation: AdviceModel, all: readonly Candidate[]): Round {
  return {
    chosen: undefined,
    compared: [],
    losers: losersOf(situation, all, undefined),
    because: 'no column will do',
  };
}

function losersOf(
  situation: AdviceModel,
  candidates: readonly Candidate[],
  chosen: Candidate | undefined,
): Loser[] {
  return candidates
    .filter((each) => each !== chosen)
    .map((candidate) => ({ candidate, ...whyNot(situation, candidate, chosen) }));
}

/** As good as the first: nothing but the size of what they lead to tells them apart. */
function isTied(first: Candidate, second: Candidate): boolean {
  return (
    first.score - second.score < SAME_SCORE &&
    (first.ownerBytes === 0 || first.ownerBytes < second.ownerBytes * CLEARLY_LARGER)
  );
}

function decide(
  situation: AdviceModel,
  compared: readonly Candidate[],
  others: readonly Candidate[],
  asked: JoinKey | undefined,
): Round {
  const [top] = compared;
  const equals = compared.filter((each) => top !== undefined && top.score - each.score < SAME_SCORE);
  const best = [...equals].sort((a, b) => b.ownerBytes - a.ownerBytes)[0] ?? top;
  const first = compared.find(({ domain }) => domain === asked) ?? best;
  if (first === undefined) return nothing(situation, others);
  const rivals = compared.filter((each) => each !== first);
  const second = rivals.includes(best ?? first) ? best : rivals[0];
  const because = (text: string, chosen?: Candidate): Round => ({
    chosen: chosen?.domain,
    compared,
    losers: losersOf(situation, [...compared, ...others], chosen),
    ...(chosen === undefined || second === undefined
      ? {}
      : { runnerUp: { domain: second.domain, cost: costOf(situation, second, chosen) } }),
    because: text,
  });
  const { domain } = first;
  if (domain === asked) {
    if (first.tables > 0) return because('is what --column asks for', first);
    return because(`${domain.name} is what --column asks for: ${whyNot(situation, first, undefined).lost}`);
  }
  const used = [...domain.members.values()].flat().some(({ filtered, joined }) => filtered + joined > 0);
  if (first.tables === 1 && !used) {
    return because(
      `nothing says by what its rows are read: no query filters by ${domain.name}, and no other table has it`,
    );
  }
  const equal = rivals.find((each) => Math.abs(first.score - each.score) < SAME_SCORE && isTied(first, each));
  if (equal !== undefined) {
    return because(
      `${domain.name} and ${equal.domain.name} come out equal: a file of queries (--queries) or pg_stat_statements would tell them apart`,
    );
  }
  const part = second === undefined ? undefined : furthest(second, first);
  if (second === undefined) return because('no other column comes into question', first);
  if (part === undefined || first.score - second.score < SAME_SCORE) {
    const text = 'it is the key of the larger table, which need not be copied to every node then';
    return because(`rather than ${second.domain.name}: ${text}`, first);
  }
  return because(`rather than ${second.domain.name}: ${describeGap(situation, part, first, second)}`, first);
}
