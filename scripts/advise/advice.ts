import type { Advice, CandidateAdvice, Choice, QueryAdvice, TableAdvice } from './advice-document';
import type { Distribution, ExpectedTable, TableName } from '../../config/workload/distribution-types';
import { tableKey } from '../../config/workload/identifiers';
import { bytes as showBytes } from '../lib/reporter';
import { compareTables, showTable } from '../database/model/names';
import type { Assigned } from './assignment';
import { assign, missingColumn } from './assignment';
import { findChanges } from './changes';
import { isAlone } from './candidate';
import type { Candidate } from './candidate';
import type { Round } from './choice';
import { chooseJoinKeys, forecasts } from './choice';
import type { JoinKey } from './join-keys';
import { migrationSteps } from './migration/steps';
import { NOTABLE_TOP, REFERENCE_ALWAYS_BYTES, REFERENCE_MOST_BYTES, REFERENCE_MOST_SHARE } from './limits';
import { adviseWithSchemas } from './schema-tenants';
import { number, percent, AdviceModel } from './advice-model';
import type { AdviceInput } from './advice-model';

/** Says what becomes of every table, and why. Pure. */
export function advise(input: AdviceInput, caveats: readonly string[] = []): Advice {
  return adviseWithSchemas(input, (tables) => adviseTables(tables, caveats));
}

function adviseTables(input: AdviceInput, caveats: readonly string[]): Advice {
  const situation = new AdviceModel(input);
  const { chosen, rounds } = chooseJoinKeys(situation);
  const assigned = assign(situation, chosen);
  const tied = tiedTables(situation, rounds, chosen);
  for (const key of tied) assigned.set(key, { kind: 'undecided', because: undefined });
  const specification = toDistribution(situation, assigned);
  const specified = new Map(specification.tables.map((each) => [tableKey(each.table), each]));
  const roots = groupRoots(situation, assigned);
  const changes = findChanges(situation, assigned, specification);
  const blocked = new Set(changes.filter(({ blocking }) => blocking).map(({ table }) => table));
  const found = forecasts(situation, chosen);
  return {
    formatVersion: 1,
    database: input.live.database,
    shardCount: input.shardCount,
    tables: [...situation.tables.values()]
      .map(({ table }) => {
        const expected = specified.get(tableKey(table));
        return toAdvice(situation, assigned, rounds, table, expected, blocked);
      })
      .sort(byImportance),
    schemas: [],
    groups: [...roots.values()].map(({ column, tables }) => ({ column, tables: tables.map(showTable) })),
    choices: rounds.map((round) => toChoice(situation, round)),
    queries: input.queries.map((query, index): QueryAdvice => {
      const { name, source, share, calls, sql, problem } = query;
      const how = found[index] ?? {
        route: 'unknown' as const,
        reason: problem ?? 'PostgreSQL could not plan it',
      };
      return { name, source, share, ...(calls === undefined ? {} : { calls }), ...how, sql };
    }),
    changes,
    migration: migrationSteps(situation, assigned),
    caveats: [
      ...caveats,
      ...chosen.flatMap((domain) => {
        const against = situation.domainWarning(domain);
        return against === undefined
          ? []
          : [`${domain.name}: ${against}. What helps: ${situation.domainRemedy(domain)}`];
      }),
    ],
  };
}

/** The specification that follows; undecided tables, and those that lack their column, are not in it. Pure. */
export function toDistribution(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
): Distribution {
  const roots = groupRoots(situation, assigned);
  const tables = [...situation.tables.values()].flatMap(({ table, keys }): ExpectedTable[] => {
    const place = assigned.get(tableKey(table));
    if (place?.kind === 'reference' || place?.kind === 'local') return [{ kind: place.kind, table }];
    if (place?.kind !== 'distributed') return [];
    const column = place.member.column.name;
    const root = roots.get(place.domain)?.tables[0] ?? table;
    const primary = keys.find(({ kind }) => kind === 'primary')?.columns;
    const widened =
      primary === undefined || primary.includes(column)
        ? undefined
        : [column, ...primary.filter((each) => each !== null)];
    return [
      {
        kind: 'distributed',
        table,
        distributeBy: column,
        ...(tableKey(root) === tableKey(table) ? {} : { colocateWith: root }),
        ...(widened === undefined ? {} : { primaryKey: widened }),
      },
    ];
  });
  const rank = { reference: 0, distributed: 1, local: 2 };
  const isRoot = (each: ExpectedTable): number =>
    each.kind === 'distributed' && each.colocateWith === undefined ? 0 : 1;
  return {
    shardCount: situation.input.shardCount,
    online: true,
    tables: tables.sort(
      (a, b) => rank[a.kind] - rank[b.kind] || isRoot(a) - isRoot(b) || compareTables(a.table, b.table),
    ),
  };
}

interface Group {
  readonly column: string;
  /** The one that starts the group first. */
  readonly tables: readonly TableName[];
}

function groupRoots(situation: AdviceModel, assigned: ReadonlyMap<string, Assigned>): Map<JoinKey, Group> {
  const groups = new Map<JoinKey, { column: string; tables: TableName[] }>();
  for (const { table } of situation.tables.values()) {
    const place = assigned.get(tableKey(table));
    if (place?.kind !== 'distributed') continue;
    const group = groups.get(place.domain) ?? { column: place.domain.name, tables: [] };
    group.tables.push(table);
    groups.set(place.domain, group);
  }
  for (const [domain, { tables }] of groups) {
    tables.sort(
      (a, b) =>
        Number(tableKey(b) === domain.owner) - Number(tableKey(a) === domain.owner) ||
        situation.statistics(tableKey(b)).bytes - situation.statistics(tableKey(a)).bytes ||
        compareTables(a, b),
    );
  }
  return groups;
}

/** Tables of columns that came out equal: to decide one way would be a coin's choice. */
function tiedTables(
  situation: AdviceModel,
  rounds: readonly Round[],
  chosen: readonly JoinKey[],
): Set<string> {
  const last = rounds.at(-1);
  if (chosen.length > 0 || last === undefined) return new Set();
  return new Set(
    last.compared.flatMap(({ domain }) =>
      [...domain.members.keys()].filter((key) => situation.member(domain, key) !== undefined),
    ),
  );
}

function toAdvice(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
  rounds: readonly Round[],
  table: TableName,
  expected: ExpectedTable | undefined,
  blocked: ReadonlySet<string>,
): TableAdvice {
  const key = tableKey(table);
  const place = assigned.get(key) ?? { kind: 'undecided', because: undefined };
  const { rows, bytes } = situation.statistics(key);
  const name = showTable(table);
  return {
    table: name,
    schema: table.schema,
    name: table.name,
    decision: decisionOf(place),
    ...(expected?.kind === 'distributed'
      ? {
          distributeBy: expected.distributeBy,
          ...(expected.colocateWith === undefined ? {} : { colocateWith: showTable(expected.colocateWith) }),
          ...(expected.primaryKey === undefined ? {} : { primaryKey: expected.primaryKey }),
        }
      : place.kind === 'lacks-column'
        ? { distributeBy: missingColumn(situation, place) }
        : {}),
    lacksColumn: place.kind === 'lacks-column',
    ready: place.kind !== 'lacks-column' && !blocked.has(name),
    ...(rows === undefined ? {} : { rows }),
    bytes,
    reasons: reasonsOf(situation, key, place, rounds),
  };
}

function decisionOf(place: Assigned): TableAdvice['decision'] {
  switch (place.kind) {
    case 'distributed':
    case 'lacks-column':
      return 'distribute';
    case 'reference':
    case 'local':
      return place.kind;
    case 'undecided':
      return 'undecided';
  }
}

function reasonsOf(situation: AdviceModel, key: string, place: Assigned, rounds: readonly Round[]): string[] {
  switch (place.kind) {
    case 'distributed':
      return distributedReasons(situation, key, place, rounds);
    case 'lacks-column': {
      const { through } = place;
      const own = place.domain.members.get(key)?.[0];
      const fault = own === undefined ? undefined : situation.memberFault(key, own);
      const parent = showTable(through.references);
      if (own !== undefined && fault !== undefined) {
        return [
          `its foreign key ${through.name} leads to ${parent}, which is distributed, so it has to live beside it; by ${own.column.name} it cannot: ${fault}`,
        ];
      }
      return [
        `its foreign key ${through.name} leads to ${parent}, which is distributed by ${place.domain.name}, so it has to live beside it, and lacks the column for that`,
      ];
    }
    case 'reference':
      return referenceReasons(situation, key, place);
    case 'local':
      return [
        `small (${showBytes(situation.statistics(key).bytes)}), and neither a foreign key nor a join ties it to a distributed table: it stays on the coordinator`,
      ];
    case 'undecided':
      return undecidedReasons(situation, key, place, rounds);
  }
}

function distributedReasons(
  situation: AdviceModel,
  key: string,
  { domain, member }: Extract<Assigned, { kind: 'distributed' }>,
  rounds: readonly Round[],
): string[] {
  const round = rounds.find(({ chosen }) => chosen === domain);
  const known = situation.column(key, member.column.name);
  const reasons: string[] = [];
  if (round !== undefined) {
    reasons.push(
      `${member.column.name === domain.name ? domain.name : `${member.column.name} (${domain.name})`} ${round.because}`,
    );
  }
  const uses = [
    ...(member.filtered > 0 ? [`${percent(member.filtered)} of the workload filters by it`] : []),
    ...(member.joined > 0 ? [`${percent(member.joined)} joins by it`] : []),
  ];
  if (uses.length > 0) reasons.push(uses.join(', '));
  const foreignKeys = domain.links.filter(({ by }) => by === 'foreign key').length;
  const others = domain.members.size - 1;
  if (others > 0) {
    const how =
      foreignKeys > 0
        ? `${String(foreignKeys)} foreign ${foreignKeys === 1 ? 'key says' : 'keys say'} so`
        : domain.links.some(({ by }) => by === 'join')
          ? 'queries join by it'
          : 'by name alone: no foreign key or query proves it';
    reasons.push(`${String(others)} other ${others === 1 ? 'table has' : 'tables have'} it (${how})`);
  }
  if (known !== undefined) {
    reasons.push(`about ${number(known.distinct)} distinct values, ${percent(known.nulls)} NULL`);
    if (known.top !== undefined && known.top >= NOTABLE_TOP && !member.unique) {
      reasons.push(
        `the most frequent value alone holds ${percent(known.top)} of the rows, and they all share one shard`,
      );
    }
  } else reasons.push('no statistics say how many distinct values it has (run ANALYZE)');
  const alternatives = (domain.members.get(key) ?? [])
    .filter((each) => each !== member)
    .map(({ column }) => column.name);
  if (alternatives.length > 0)
    reasons.push(`not by ${alternatives.join(' or ')}, which mean the same and are used less`);
  return reasons;
}

function referenceReasons(
  situation: AdviceModel,
  key: string,
  { because }: Extract<Assigned, { kind: 'reference' }>,
): string[] {
  const { bytes, rows, writes } = situation.statistics(key);
  const by = situation.tables.get(because.table)?.table;
  const other = by === undefined ? '' : showTable(by);
  const why = {
    'foreign key': `a foreign key of ${other} leads to it`,
    join: `queries read it together with ${other}`,
    name: `a column of ${other} points to it by its name`,
  }[because.by];
  return [
    `${why}, and not by the distribution column, so every node needs all of it`,
    `small enough for that: ${showBytes(bytes)}${rows === undefined ? '' : `, ${number(rows)} rows`}`,
    ...(rows !== undefined && rows > 0 && writes > rows * 10
      ? [`${number(writes)} rows written so far, and each write goes to every node: see that this stays rare`]
      : []),
  ];
}

function undecidedReasons(
  situation: AdviceModel,
  key: string,
  { because }: Extract<Assigned, { kind: 'undecided' }>,
  rounds: readonly Round[],
): string[] {
  const { bytes } = situation.statistics(key);
  const reasons: string[] = [];
  if (because !== undefined) {
    const by = situation.tables.get(because.table)?.table;
    reasons.push(
      `${by === undefined ? 'a distributed table' : showTable(by)} needs it on every node (${because.by}), and at ${showBytes(bytes)} it is too large for a reference table ` +
        `(up to ${showBytes(REFERENCE_ALWAYS_BYTES)}, or ${showBytes(REFERENCE_MOST_BYTES)} and ${percent(REFERENCE_MOST_SHARE)} of the database): give it the distribution column, or do without that foreign key or join`,
    );
  }
  const round = rounds.find(
    ({ chosen, compared }) => chosen === undefined && compared.some(({ domain }) => domain.members.has(key)),
  );
  if (round !== undefined) reasons.push(round.because);
  for (const domain of situation.domainsOf.get(key) ?? []) {
    const member = domain.members.get(key)?.[0];
    if (member === undefined) continue;
    const fault = situation.memberFault(key, member) ?? situation.domainFault(domain);
    if (fault !== undefined) reasons.push(`not by ${member.column.name}: ${fault}`);
  }
  if (reasons.length === 0) reasons.push('no key, foreign key or query says by what its rows are read');
  return reasons;
}

function toChoice(situation: AdviceModel, { chosen, because, compared, losers, runnerUp }: Round): Choice {
  const verdicts = new Map(losers.map(({ candidate, lost, wins }) => [candidate, { lost, wins }]));
  const rest = losers.filter(({ candidate }) => candidate.routes === undefined);
  const others = rest.filter(({ candidate }) => !isAlone(candidate.domain));
  return {
    ...(chosen === undefined ? {} : { chosen: chosen.name }),
    because,
    candidates: compared.flatMap((candidate) => {
      const { routes } = candidate;
      if (routes === undefined) return [];
      return [{ ...toCandidate(situation, candidate), workload: routes, ...verdicts.get(candidate) }];
    }),
    alone: rest
      .filter(({ candidate }) => isAlone(candidate.domain))
      .map(({ candidate }) => toCandidate(situation, candidate))
      .map(({ table, column }) => `${table}.${column}`)
      .sort(),
    others: others.map(({ candidate, lost, wins }) => ({ ...toCandidate(situation, candidate), lost, wins })),
    ...(runnerUp === undefined ? {} : { runnerUp: { column: runnerUp.domain.name, cost: runnerUp.cost } }),
  };
}

function toCandidate(situation: AdviceModel, candidate: Candidate): CandidateAdvice {
  const { domain, tables, bytes, coverage, reachable, score } = candidate;
  const distinct = situation.distinct(domain);
  const top = situation.worstTop(domain)?.top;
  const [first] = [...domain.members.keys()].sort(
    (a, b) => situation.statistics(b).bytes - situation.statistics(a).bytes,
  );
  const table = situation.tables.get(domain.owner ?? first ?? '')?.table;
  return {
    column: domain.name,
    table: table === undefined ? '' : showTable(table),
    tables,
    reachable: reachable.length,
    bytes,
    coverage,
    score: Math.round(score * 10) / 10,
    ...(distinct === undefined ? {} : { distinct }),
    ...(top === undefined ? {} : { top }),
  };
}

const ORDER = { distribute: 0, reference: 1, local: 2, undecided: 3 };

function byImportance(a: TableAdvice, b: TableAdvice): number {
  return ORDER[a.decision] - ORDER[b.decision] || b.bytes - a.bytes || compareTables(a, b);
}
