import { escapeLiteral } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import { allOf } from '../../../config/text/text';
import { finding } from './findings';
import { describeCall } from './policies';
import type { Finding } from './findings';
import { sameTable, showTable, sqlTable } from '../model/names';
import { whyNotPlanned } from '../forecast/citus-planner';
import type { ViewPlacement } from '../forecast/citus-planner';
import { readingAll, readsOf, withoutViews } from '../forecast/query-walk';
import type { ViewQuery } from '../model/view-query';
import type { CitusTable, LiveView, ReadingCall, ViewQueries } from '../model/live';
import type { TargetState } from '../target/target-state';

/** Plain views that answer today and will not once the tables are as the specification says. Pure. */
export function viewFindings(target: TargetState): Finding[] {
  return [
    ...callingViews(target),
    ...olderThanDroppedColumns(target),
    ...failing(target).flatMap(({ view, why }) => {
      const name = showTable(view.view);
      if (why === undefined) {
        const what = view.kind === 'materialized' ? 'materialized view' : 'view';
        const message =
          `${what} ${name} may fail once its tables are distributed: PostgreSQL holds its query in a form that this program does not know. ` +
          'Try it on a copy of the database';
        return [finding('view-will-fail', name, message, 'allowance')];
      }
      if (view.kind === 'materialized') return [];
      const message = `view ${name} answers today and fails once its tables are distributed, because it ${why}. ${hintFor(view)}, or drop it`;
      return [finding('view-will-fail', name, message, 'allowance')];
    }),
  ];
}

/** Views that call functions that read tables, themselves or through other views, while a table of theirs becomes distributed. */
function callingViews(target: TargetState): Finding[] {
  const calls = new Map<string, readonly ReadingCall[]>();
  return target.live.views.flatMap(({ view, views, tables, calls: own = [] }) => {
    const all = [...own, ...views.flatMap((each) => calls.get(tableKey(each)) ?? [])];
    calls.set(tableKey(view), all);
    const [call] = all;
    const changed = tables.filter(
      (table) => is(target, table)?.kind !== 'distributed' && becomes(target, table)?.kind === 'distributed',
    );
    if (call === undefined || changed.length === 0) return [];
    const name = showTable(view);
    return [
      finding(
        'view-will-fail',
        name,
        `view ${name} answers today and may fail once ${allOf(changed.map(showTable))} is distributed, because it calls ${describeCall(call)}: where the call is made on shards, ` +
          'Citus refuses it. Join what the function reads in the view, or drop the view',
        'allowance',
      ),
    ];
  });
}

/**
 * Views that still name columns which their tables have lost. Citus answers a query that no shard has rows for by an empty list of the
 * columns that are there, gives it the names that the view has, and fails where these are more.
 */
function olderThanDroppedColumns(target: TargetState): Finding[] {
  const { views, viewQueries } = target.live;
  if (viewQueries === undefined) return [];
  const queries = queriesOf(viewQueries);
  const enters = (table: TableName): boolean =>
    (is(target, table)?.kind ?? 'local') === 'local' && (becomes(target, table)?.kind ?? 'local') !== 'local';
  const known = new Map<string, readonly OlderRead[]>();
  return views.flatMap((each) => {
    const { view, kind, emptyByPolicy } = each;
    const query = queries.get(tableKey(view));
    const own = (query === undefined ? [] : readsOf(query)).flatMap(({ dropped, table }): OlderRead[] => {
      if (dropped === undefined || !enters(table)) return [];
      return [{ view: each, table, dropped, empty: emptyByPolicy.some((other) => sameTable(other, table)) }];
    });
    const all = [...own, ...each.views.flatMap((inner) => known.get(tableKey(inner)) ?? [])];
    if (kind === 'plain') known.set(tableKey(view), all);
    return findingOfOlder(each, all);
  });
}

/** A table as a view reads it that still names columns which the table has lost. */
interface OlderRead {
  readonly view: LiveView;
  readonly table: TableName;
  readonly dropped: readonly string[];
  /** Its policies permit no row to a role that the view reads it as. */
  readonly empty: boolean;
}

function findingOfOlder({ view, kind }: LiveView, reads: readonly OlderRead[]): Finding[] {
  const first = reads.find(({ empty }) => empty) ?? reads[0];
  if (first === undefined) return [];
  const [name, table] = [showTable(view), showTable(first.table)];
  const [what, them] = first.dropped.length === 1 ? ['column', 'it'] : ['columns', 'them'];
  const because =
    `the definition of ${showTable(first.view.view)} is older than the removal of ${what} ${allOf(first.dropped)} from table ${table}, and Citus still counts ${them} ` +
    'when it answers a query without asking a shard ("table ... has ... columns available but ... columns specified")';
  const hint = [...new Set(reads.map((each) => each.view))].map(redefinition).join('; ');
  if (first.empty) {
    const fails =
      kind === 'materialized'
        ? `materialized view ${name} cannot be refreshed`
        : `view ${name} answers today and fails`;
    const message =
      `${fails} once table ${table} is in Citus, where its policies permit no row to a role that the view reads it as: ${because}. ` +
      `Renew the definition first, as its owner: ${hint}`;
    return [finding('view-will-fail', name, message, 'allowance')];
  }
  if (kind === 'materialized') return [];
  const message =
    `queries of view ${name} for which Citus asks no shard (WHERE false, = ANY ('{}'), two tenants at once) fail once table ${table} is in Citus: ${because}. ` +
    `Renew the definition, as its owner: ${hint}`;
  return [finding('view-names-dropped-columns', name, message, 'none')];
}

/** What writes a view down again as its tables are now: its options go along, and all else stays. */
function redefinition({ view, kind }: LiveView): string {
  if (kind === 'materialized') return `drop materialized view ${showTable(view)} and create it again`;
  return (
    "DO $$ BEGIN EXECUTE (SELECT format('CREATE OR REPLACE VIEW %s%s AS %s', oid::regclass, ' WITH (' || array_to_string(reloptions, ', ') || ')', pg_get_viewdef(oid)) " +
    `FROM pg_class WHERE oid = ${escapeLiteral(sqlTable(view))}::regclass); END $$`
  );
}

/**
 * Materialized views that Citus would fill as this session's role, past the policies that bind their owner; their owner can refresh none
 * in a transaction in which this session's role made the shards. Pure.
 *
 * @param recreated the tables that each step recreates by a copy
 */
export function viewsOfBoundOwners(
  { live }: TargetState,
  recreated: readonly (readonly TableName[])[],
): string[] {
  const copied = recreated.flat();
  return live.views
    .filter(({ kind, populated, ownerBound }) => kind === 'materialized' && populated && ownerBound)
    .filter(({ tables }) => tables.some((table) => copied.some((each) => sameTable(each, table))))
    .map(
      ({ view, owner }) =>
        `materialized view ${showTable(view)} belongs to role ${owner}, whom policies of what it reads bind, and Citus, which creates it again with its tables, fills it as ${live.role}: ` +
        'drop it first, and let its owner create it again afterwards',
    );
}

/** Materialized views that Citus could neither create again nor refresh. Pure. */
export function materializedViewFailures(target: TargetState): string[] {
  return failing(target).flatMap(({ view, why }) => {
    if (view.kind === 'plain' || why === undefined) return [];
    return [
      `materialized view ${showTable(view.view)} can be neither created again nor refreshed once its tables are distributed, because it ${why}. ` +
        `${hintFor(view)}, or drop it and keep its rows in a table that the application fills`,
    ];
  });
}

function hintFor({ tables }: LiveView): string {
  const first = tables.length > 1 ? `Join ${allOf(tables.map(showTable))} by their distribution columns` : '';
  const others = 'write the query another way, distribute the tables otherwise';
  return first === '' ? `${others.charAt(0).toUpperCase()}${others.slice(1)}` : `${first}, ${others}`;
}

/**
 * The materialized view that keeps a table from becoming a Citus local table: Citus creates the views on it again at that moment, when
 * other tables are distributed already. Pure.
 *
 * @param isThere whether a table is in its place by then
 */
export function viewAgainstConversion(
  { target, isThere }: { readonly target: TargetState; readonly isThere: (table: TableName) => boolean },
  table: TableName,
): LiveView | undefined {
  const { views, viewQueries } = target.live;
  const materialized = views.filter(
    ({ kind, tables }) => kind === 'materialized' && tables.some((each) => sameTable(each, table)),
  );
  if (viewQueries === undefined || materialized.length === 0) return undefined;
  const queries = queriesOf(viewQueries);
  const byThen: PlacementIn = (known, each) => (isThere(each) ? becomes : is)(known, each);
  const { postgres } = viewQueries;
  const surroundings = { placementOf: placements(target, viewQueries, byThen), postgres };
  return materialized.find((view) => {
    const query = wholeQuery(view, queries);
    return query !== undefined && whyNotPlanned(query, surroundings) !== undefined;
  });
}

/**
 * Materialized views that Citus cannot create again on the way: it creates those of a table again with the table, when others that they
 * read are not in their places yet. Pure.
 *
 * @param copies the tables that each step makes anew by a copy, in the order of the steps
 */
export function viewsStuckOnTheWay(target: TargetState, copies: readonly (readonly TableName[])[]): string[] {
  const { views, viewQueries } = target.live;
  if (viewQueries === undefined) return [];
  const queries = queriesOf(viewQueries);
  const materialized = views.filter(({ kind, tables }) => kind === 'materialized' && tables.length > 1);
  const done = new Set<string>();
  const byThen: PlacementIn = (known, each) =>
    (done.has(tableKey(each)) || known.isThere(each) ? becomes : is)(known, each);
  const surroundings = {
    placementOf: placements(target, viewQueries, byThen),
    postgres: viewQueries.postgres,
    repartitions: true,
  } as const;
  const stuck = new Map<LiveView, string>();
  for (const tables of copies) {
    for (const table of tables) done.add(tableKey(table));
    for (const view of materialized) {
      const own = tables.filter((table) => view.tables.some((each) => sameTable(each, table)));
      const query = own.length === 0 || stuck.has(view) ? undefined : wholeQuery(view, queries);
      const why = query === undefined ? undefined : whyNotPlanned(query, surroundings);
      if (why === undefined) continue;
      stuck.set(
        view,
        `materialized view ${showTable(view.view)} cannot be created again when ${allOf(own.map(showTable))} is copied and ${allOf(view.tables.filter((each) => !done.has(tableKey(each))).map(showTable))} is not yet, ` +
          `because it ${why}. Bring its tables back first ({ local: true }) and distribute them from there, or drop it and create it again afterwards`,
      );
    }
  }
  return [...stuck.values()];
}

interface Failing {
  readonly view: LiveView;
  /** Absent where its query, or that of a view that it reads, is not understood. */
  readonly why: string | undefined;
}

function failing(target: TargetState): Failing[] {
  const { views, viewQueries } = target.live;
  if (viewQueries === undefined) return [];
  const queries = queriesOf(viewQueries);
  const { postgres } = viewQueries;
  const then = { placementOf: placements(target, viewQueries, becomes), postgres };
  const now = { placementOf: placements(target, viewQueries, is), postgres };
  return views.flatMap((view): Failing[] => {
    const changes = view.tables.some((table) => differs(then.placementOf(table), now.placementOf(table)));
    if (!changes || !queries.has(tableKey(view.view))) return [];
    const query = wholeQuery(view, queries);
    if (query === undefined) return [{ view, why: undefined }];
    const why = whyNotPlanned(query, then);
    // What fails already is no news, and nothing that a run does.
    return why === undefined || whyNotPlanned(query, now) !== undefined ? [] : [{ view, why }];
  });
}

/** By view; nothing of those that were not asked for. */
type Queries = ReadonlyMap<string, ViewQuery | undefined>;

function queriesOf({ queries }: ViewQueries): Queries {
  return new Map(queries.map(({ view, query }) => [tableKey(view), query]));
}

/** What runs when a plain view is read, or a materialized one refreshed. */
function wholeQuery({ view, kind }: LiveView, queries: Queries): ViewQuery | undefined {
  const own = queries.get(tableKey(view));
  if (own === undefined) return undefined;
  const whole = withoutViews(own, (inner) => queries.get(tableKey(inner)));
  return whole === undefined || kind === 'materialized' ? whole : readingAll(whole);
}

type PlacementIn = (target: TargetState, table: TableName) => ViewPlacement | undefined;

/** What a run does not look at stays where it is. */
function placements(
  target: TargetState,
  { otherTables }: ViewQueries,
  placementIn: PlacementIn,
): (table: TableName) => ViewPlacement {
  const others = new Map(otherTables.map(({ table, citus }) => [tableKey(table), placed(citus)]));
  return (table) => placementIn(target, table) ?? others.get(tableKey(table)) ?? { kind: 'local' };
}

const is: PlacementIn = (target, table) => {
  const live = target.liveTable(table);
  return live === undefined ? undefined : placed(live.citus);
};

const becomes: PlacementIn = (target, table) => {
  const live = target.liveTable(table);
  if (live === undefined) return undefined;
  const then = target.targetPlacement(table);
  if (then.kind !== 'schema') return then;
  const { schema } = then;
  const whole = live.citus.kind === 'schema' ? live.citus : target.liveSchema(schema);
  const colocation = whole?.colocationId;
  const group = colocation === undefined ? `schema ${schema}` : `colocation ${String(colocation)}`;
  return { kind: 'distributed', group };
};

function placed(citus: CitusTable): ViewPlacement {
  switch (citus.kind) {
    case 'plain':
    case 'local':
      return { kind: 'local' };
    case 'reference':
      return { kind: 'reference' };
    case 'schema':
      return { kind: 'distributed', group: `colocation ${String(citus.colocationId)}` };
    case 'distributed':
      return {
        kind: 'distributed',
        ...(citus.column === null ? {} : { column: citus.column }),
        group: `colocation ${String(citus.colocationId)}`,
      };
  }
}

function differs(a: ViewPlacement, b: ViewPlacement): boolean {
  if (a.kind !== 'distributed' || b.kind !== 'distributed') return a.kind !== b.kind;
  return a.column !== b.column || a.group !== b.group;
}
