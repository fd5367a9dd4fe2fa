import { tableKey } from '../../config/workload/identifiers';
import { showTable } from '../database/model/names';
import type { Route } from '../database/forecast/forecast';
import type { AdviceModel } from './advice-model';
import { percent } from './advice-model';
import type { JoinKey } from './join-keys';
import {
  MAY_BE_NULL,
  MOST_LACKING,
  NOTABLE_POINTS,
  NOTABLE_TOP,
  REACHED,
  REACHED_BY_NULLABLE,
  WEIGHTS,
  WEIGHTS_WITHOUT_QUERIES,
  WORST_TOP,
} from './limits';

/** What choosing a domain would bring, in numbers. */
export interface Candidate {
  readonly domain: JoinKey;
  /** Tables that have its column. */
  readonly tables: number;
  /** Tables that can get it along foreign keys, from the tables that have it. */
  readonly reachable: readonly string[];
  /** Bytes of those that have it, and their share of the database. */
  readonly bytes: number;
  readonly coverage: number;
  /** Share of the workload by how it would run; all zero where there is no workload, and absent where nobody worked it out. */
  readonly routes?: Readonly<Record<Route, number>>;
  readonly ownerBytes: number;
  /** Of {@link Part}: points, of 100 together at most. */
  readonly points: Readonly<Record<Part, number>>;
  readonly score: number;
  /** Keeps all that this one does, from further up: the tables it leads to have that column. */
  readonly under?: JoinKey;
}

export type Part = 'bytes' | 'tables' | 'workload' | 'keys' | 'values' | 'skew' | 'under';

/** Tables that have a domain's column (1, less where it may be NULL), or can get it along foreign keys (less). Pure. */
export function reach(
  situation: AdviceModel,
  domain: JoinKey,
  open: ReadonlySet<string>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const key of domain.members.keys()) {
    const member = situation.member(domain, key);
    if (member !== undefined && open.has(key)) found.set(key, member.column.notNull ? 1 : MAY_BE_NULL);
  }
  for (const [weight, only] of [
    [REACHED, true],
    [REACHED_BY_NULLABLE, false],
  ] as const) {
    const waiting = [...found.keys()];
    for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
      for (const { child, filled } of situation.children.get(parent) ?? []) {
        if (found.has(child) || !open.has(child) || (only && !filled)) continue;
        found.set(child, weight);
        waiting.push(child);
      }
    }
  }
  return found;
}

/** Weighs a domain over the tables that are still to be placed. Pure. */
export function weigh(
  situation: AdviceModel,
  open: ReadonlySet<string>,
  domain: JoinKey,
  routes?: Readonly<Record<Route, number>>,
): Candidate {
  const reached = reach(situation, domain, open);
  const members = [...reached.keys()].filter((key) => situation.member(domain, key) !== undefined);
  const has = new Set(members);
  const bytesOf = (keys: readonly string[]): number =>
    keys.reduce((sum, key) => sum + situation.statistics(key).bytes, 0);
  const bytes = bytesOf(members);
  const all = bytesOf([...open]);
  const weighed = [...reached].reduce(
    (sum, [key, weight]) => sum + weight * situation.statistics(key).bytes,
    0,
  );
  const count = [...reached.values()].reduce((sum, weight) => sum + weight, 0);
  const others = members.filter((key) => key !== domain.owner);
  const inKeys = others.filter((key) => situation.member(domain, key)?.placeInKey !== undefined).length;
  const under = rootOver(situation, domain);
  const max = situation.input.queries.length === 0 ? WEIGHTS_WITHOUT_QUERIES : WEIGHTS;
  const points: Record<Part, number> = {
    bytes: all === 0 ? 0 : (max.bytes * weighed) / all,
    tables: open.size === 0 ? 0 : (max.tables * count) / open.size,
    workload: routes === undefined ? 0 : max.workload * gain(routes),
    keys: others.length === 0 ? 0 : (max.keys * inKeys) / others.length,
    values: -max.values * (1 - spread(situation, domain)),
    skew: -max.skew * skew(situation, domain),
    under: under === undefined ? 0 : -max.under,
  };
  return {
    domain,
    tables: members.length,
    reachable: [...reached.keys()].filter((key) => !has.has(key)),
    bytes,
    coverage: situation.bytes === 0 ? 0 : bytes / situation.bytes,
    ...(routes === undefined ? {} : { routes }),
    ownerBytes: domain.owner === undefined ? 0 : situation.statistics(domain.owner).bytes,
    points,
    score: Object.values(points).reduce((sum, each) => sum + each, 0),
    ...(under === undefined ? {} : { under }),
  };
}

/** What of the workload gets better, less what breaks: that can be mended, as by a column more in a condition. */
function gain(routes: Readonly<Record<Route, number>>): number {
  return routes['one-shard'] + (routes['some-shards'] - routes.repartition - routes.refused) / 2;
}

/** Share of the shards that values fill; all of them where nobody knows. */
function spread(situation: AdviceModel, domain: JoinKey): number {
  const distinct = situation.distinct(domain);
  return distinct === undefined ? 1 : Math.min(1, distinct / situation.input.shardCount);
}

/** How far the most frequent value is above what nobody minds, 0 to 1. */
function skew(situation: AdviceModel, domain: JoinKey): number {
  const top = situation.worstTop(domain)?.top ?? 0;
  return Math.min(1, Math.max(0, (top - NOTABLE_TOP) / (WORST_TOP - NOTABLE_TOP)));
}

/**
 * The domain that stands above another: each table that the other leads to has its column, which therefore follows from the
 * other's, and it is no lookup table's, since it is in about as many tables by itself.
 */
function rootOver(situation: AdviceModel, domain: JoinKey): JoinKey | undefined {
  const anchors = new Set(
    domain.links.filter(({ by }) => by === 'foreign key').map(({ to }) => tableKey(to.table)),
  );
  if (domain.owner !== undefined) anchors.add(domain.owner);
  const [anchor] = anchors;
  if (anchor === undefined) return undefined;
  const direct = [...domain.members.keys()].filter(
    (key) => !anchors.has(key) && situation.member(domain, key) !== undefined,
  ).length;
  return (situation.domainsOf.get(anchor) ?? []).find((other) => {
    if (other === domain || situation.domainFault(other) !== undefined) return false;
    const determines = [...anchors].every((key) => {
      const member = situation.member(other, key);
      return member !== undefined && member.column.notNull && !member.unique;
    });
    return determines && situation.holders(other).length >= direct / 2;
  });
}

/** Why a candidate is not the one, as the rest of a sentence, and what would make it so. Pure. */
export function whyNot(
  situation: AdviceModel,
  candidate: Candidate,
  chosen: Candidate | undefined,
): { readonly lost: string; readonly wins: string } {
  const { domain } = candidate;
  const fault = situation.domainFault(domain);
  if (fault !== undefined) return { lost: fault, wins: situation.domainRemedy(domain) };
  if (candidate.tables === 0) {
    const [key = '', members = []] = [...domain.members][0] ?? [];
    const [first] = members;
    const own = first === undefined ? undefined : situation.memberFault(key, first);
    if (first === undefined || own === undefined)
      return { lost: 'no table is left that has it', wins: 'a larger table that has it' };
    return { lost: own, wins: situation.memberRemedy(key, first) };
  }
  if (chosen === undefined) {
    return { lost: 'nothing tells it from the others', wins: 'queries that hold it to one value' };
  }
  const part = furthest(candidate, chosen);
  const gap = part === undefined ? undefined : describeGap(situation, part, chosen, candidate);
  return {
    lost:
      `${String(Math.round(candidate.score))} points against the ${String(Math.round(chosen.score))} of ${chosen.domain.name}` +
      (gap === undefined ? '' : ` (${gap})`),
    wins: remedy(situation, candidate, chosen, part),
  };
}

/** The part in which one candidate is furthest ahead of another. Pure. */
export function furthest(behind: Candidate, ahead: Candidate): Part | undefined {
  const parts = (Object.keys(ahead.points) as Part[])
    .map((part) => ({ part, by: ahead.points[part] - behind.points[part] }))
    .sort((a, b) => b.by - a.by);
  const [first] = parts;
  return first === undefined || first.by <= 0 ? undefined : first.part;
}

/** In what the first is ahead of the second, in words and numbers. Pure. */
export function describeGap(situation: AdviceModel, part: Part, ahead: Candidate, behind: Candidate): string {
  switch (part) {
    case 'bytes':
      return `its tables hold ${percent(ahead.coverage)} of the bytes, against ${percent(behind.coverage)}`;
    case 'tables':
      return `${String(ahead.tables)} ${ahead.tables === 1 ? 'table has' : 'tables have'} it${alongOf(ahead)}, against ${String(behind.tables)}${alongOf(behind)}`;
    case 'workload': {
      const [best, other] = [ahead, behind].map(({ routes }) => routes?.['one-shard'] ?? 0);
      if (best !== other) {
        return `${percent(best ?? 0)} of the workload would run on one shard, against ${percent(other ?? 0)}`;
      }
      return `${percent(broken(ahead))} of the workload would need joins that Citus does not make by itself, against ${percent(broken(behind))}`;
    }
    case 'keys':
      return `more of its tables have it in a primary key or unique key than have ${behind.domain.name}`;
    case 'values':
      return `it fills ${percent(spread(situation, ahead.domain))} of the shards, against ${percent(spread(situation, behind.domain))}`;
    case 'skew':
      return `its most frequent value holds ${percent(situation.worstTop(ahead.domain)?.top ?? 0)} of the rows at most, against ${percent(situation.worstTop(behind.domain)?.top ?? 0)}`;
    case 'under':
      return `it stands above: what ${behind.domain.name} leads to has ${behind.under?.name ?? ''} itself, so rows of one ${behind.domain.name} stay together by that as well`;
  }
}

export function broken({ routes }: Candidate): number {
  return routes === undefined ? 0 : routes.repartition + routes.refused;
}

function alongOf({ reachable }: Candidate): string {
  return reachable.length === 0 ? '' : ` and ${String(reachable.length)} more can get it along foreign keys`;
}

/** The key of one table, that no other has and no query asks for. Pure. */
export function isAlone({ members }: JoinKey): boolean {
  return (
    members.size === 1 &&
    [...members.values()].flat().every(({ filtered, joined }) => filtered + joined === 0)
  );
}

function remedy(
  situation: AdviceModel,
  candidate: Candidate,
  chosen: Candidate,
  part: Part | undefined,
): string {
  switch (part) {
    case 'bytes':
    case 'tables': {
      const lacking = [...situation.tables.keys()]
        .filter((key) => !candidate.domain.members.has(key) && chosen.domain.members.has(key))
        .sort((a, b) => situation.statistics(b).bytes - situation.statistics(a).bytes)
        .slice(0, MOST_LACKING)
        .flatMap((key) => situation.tables.get(key) ?? [])
        .map(({ table }) => showTable(table));
      return lacking.length === 0
        ? `queries that hold it to one value (--queries)`
        : `the column in ${lacking.join(', ')} too, or queries that hold it to one value (--queries)`;
    }
    case 'values':
    case 'skew':
      return situation.domainRemedy(candidate.domain);
    case 'workload':
    case 'keys':
    case 'under':
    case undefined:
      return `more queries that hold it to one value than hold ${chosen.domain.name} (--queries)`;
  }
}

/** What the second-best would cost beside the best, in words. Pure. */
export function costOf(situation: AdviceModel, runnerUp: Candidate, chosen: Candidate): string {
  const parts = (Object.keys(chosen.points) as Part[])
    .filter((part) => chosen.points[part] - runnerUp.points[part] >= NOTABLE_POINTS)
    .sort((a, b) => chosen.points[b] - runnerUp.points[b] - (chosen.points[a] - runnerUp.points[a]));
  const [first, ...more] = parts.map((part) => describeGap(situation, part, chosen, runnerUp));
  return first === undefined
    ? `about as good as ${chosen.domain.name}`
    : `${chosen.domain.name} is better: ${[first, ...more].join('; ')}`;
}
