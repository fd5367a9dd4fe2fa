import type { TableName } from '../../config/distribution-types';
import { tableKey } from '../../config/identifiers';
import { allOf } from '../../config/wording';
import { finding } from '../database/checks/findings';
import type { Finding } from '../database/checks/findings';
import { showTable } from '../database/model/names';
import { whyNotPlanned } from './forecast/citus-planner';
import type { ViewPlacement } from './forecast/citus-planner';
import { readingAll, withoutViews } from './forecast/query-walk';
import type { ViewQuery } from './forecast/view-query';
import type { CitusTable, LiveView } from './live';
import type { Outlook } from './outlook';
import type { ViewQueries } from './view-queries';

/** Plain views that answer today and will not once the tables are as the specification says. Pure. */
export function viewFindings(outlook: Outlook): Finding[] {
  return failing(outlook).flatMap(({ view, why }) => {
    if (view.kind === 'materialized' && why !== undefined) return [];
    const name = showTable(view.view);
    const what = view.kind === 'materialized' ? 'materialized view' : 'view';
    const message =
      why === undefined
        ? `whether ${what} ${name} can be run once its tables are distributed is not known: PostgreSQL holds its query in a form that this program does not know. Try it on a copy of the database`
        : `${what} ${name} can be run today and no more once its tables are distributed: it ${why}, which Citus does not run over shards. ${wayOut(view)}, or drop it`;
    return [finding('view-will-fail', name, message, 'allowance')];
  });
}

/** Materialized views that Citus could not make anew or refresh. Pure. */
export function materializedViewFaults(outlook: Outlook): string[] {
  return failing(outlook).flatMap(({ view, why }) => {
    if (view.kind === 'plain' || why === undefined) return [];
    const name = showTable(view.view);
    return [
      `materialized view ${name} can be neither made anew nor refreshed once its tables are distributed: it ${why}, which Citus does not run over shards. ` +
        `${wayOut(view)}, or drop it and keep its rows in a table that the application fills`,
    ];
  });
}

function wayOut({ tables }: LiveView): string {
  const joined =
    tables.length > 1 ? `join ${allOf(tables.map(showTable))} by their distribution columns in it, ` : '';
  const text = `${joined}write it another way, distribute its tables otherwise (such as small ones as reference tables)`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

interface Failing {
  readonly view: LiveView;
  /** Absent where its query, or that of a view that it reads, is not understood. */
  readonly why: string | undefined;
}

function failing(outlook: Outlook): Failing[] {
  const { views, viewQueries } = outlook.live;
  if (viewQueries === undefined) return [];
  const queries = new Map(viewQueries.queries.map(({ view, query }) => [tableKey(view), query]));
  const { postgres } = viewQueries;
  const then = { placementOf: placements(outlook, viewQueries, becomes), postgres };
  const now = { placementOf: placements(outlook, viewQueries, is), postgres };
  return views.flatMap((view): Failing[] => {
    const changes = view.tables.some((table) => differs(then.placementOf(table), now.placementOf(table)));
    if (!changes) return [];
    const query = wholeQuery(view, queries);
    if (query === undefined) return [{ view, why: undefined }];
    const why = whyNotPlanned(query, then);
    // What fails already is no news, and nothing that a run does.
    return why === undefined || whyNotPlanned(query, now) !== undefined ? [] : [{ view, why }];
  });
}

/** What runs when a plain view is read, or a materialized one refreshed. */
function wholeQuery(
  { view, kind }: LiveView,
  queries: ReadonlyMap<string, ViewQuery>,
): ViewQuery | undefined {
  const own = queries.get(tableKey(view));
  if (own === undefined) return undefined;
  const whole = withoutViews(own, (inner) => queries.get(tableKey(inner)));
  return whole === undefined || kind === 'materialized' ? whole : readingAll(whole);
}

type PlacementIn = (outlook: Outlook, table: TableName) => ViewPlacement | undefined;

/** What a run does not look at stays where it is. */
function placements(
  outlook: Outlook,
  { otherTables }: ViewQueries,
  placementIn: PlacementIn,
): (table: TableName) => ViewPlacement {
  const others = new Map(otherTables.map(({ table, citus }) => [tableKey(table), placed(citus)]));
  return (table) => placementIn(outlook, table) ?? others.get(tableKey(table)) ?? { kind: 'local' };
}

const is: PlacementIn = (outlook, table) => {
  const live = outlook.liveTable(table);
  return live === undefined ? undefined : placed(live.citus);
};

const becomes: PlacementIn = (outlook, table) => {
  const live = outlook.liveTable(table);
  if (live === undefined) return undefined;
  const then = outlook.becomes(table);
  if (then.kind !== 'schema') return then;
  const { schema } = then;
  const whole = live.citus.kind === 'schema' ? live.citus : outlook.liveSchema(schema);
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
