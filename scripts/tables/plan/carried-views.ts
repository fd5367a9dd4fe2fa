import { escapeLiteral } from 'pg';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { force, noForce, withForcedPolicies } from '../../database/model/forced-policies';
import { sameTable, showTable, sqlTable } from '../../database/model/names';
import type { LiveDatabase, LiveTable, LiveView } from '../../database/model/live';

/**
 * What Citus leaves out when it makes a table anew, in the transaction in which it does: statements that run before it and after it.
 * All of it commits with the step or not at all, so nothing has to be written down for a later run.
 */
export interface Carried {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What is carried, for a step's comment: `positions of identity columns of t`; empty where nothing is. */
  readonly what: readonly string[];
  /** A materialized view is filled anew, which takes as long as its query. */
  readonly refreshes: boolean;
}

/**
 * `convert`: Citus makes an empty table over the old one, which becomes its shard: identity columns start again, and materialized views
 * are filled from the empty table. `copy`: it copies the rows first, and fills materialized views from the copy.
 */
export type Recreation = 'convert' | 'copy';

/** What is carried of one kind. */
export type Part = Pick<Carried, 'before' | 'after' | 'what'>;

/** `the contents of m and n`; nothing where there are none. */
export function ofAll(what: string, of: readonly TableName[]): string[] {
  return of.length === 0 ? [] : [`${what} of ${allOf(of.map(showTable))}`];
}

/** A view that Citus creates again with a table that it reads. */
interface RecreatedView extends LiveView {
  /** Citus fills it with the rows of the table; otherwise it is to be refreshed. */
  readonly filled: boolean;
  /** Tables and partitions that it reads and whose policies bind the owner too, where it holds rows. */
  readonly bound: readonly TableName[];
}

/** @param made the tables that a step makes anew. Pure. */
export function recreatedViews(
  live: LiveDatabase,
  made: readonly LiveTable[],
  how: Recreation,
): RecreatedView[] {
  const keys = new Set(made.map(({ table }) => tableKey(table)));
  // Of a partitioned table Citus fills them before it has attached the partitions again, which hold the rows.
  const partitioned = made.filter(({ kind }) => kind === 'partitioned');
  return live.views
    .filter((view) => isForgotten(view) && view.tables.some((table) => keys.has(tableKey(table))))
    .map((view) => ({
      ...view,
      filled: how === 'copy' && view.populated && !reads(view, partitioned),
      bound: isFilled(view) ? boundBy(live, view) : [],
    }));
}

/**
 * Contents, and what Citus forgets on views. A materialized view over tables with forced policies was filled before they were, or
 * as its own REFRESH fills it, with the rows that they show its owner. It comes out as it was: without policies, or with them where
 * that gives other rows.
 */
export function carriedViews(
  views: readonly RecreatedView[],
  how: Recreation,
): Carried & {
  /** How the transaction is to be, before it touches a table. */
  readonly settings: readonly string[];
} {
  const materialized = views.filter(({ kind }) => kind === 'materialized');
  const refreshed = materialized.filter(({ filled }) => !filled);
  const bound = materialized.filter((view) => view.bound.length > 0);
  const joining = materialized.some(({ tables: read }) => read.length > 1);
  return {
    settings: [
      ...(materialized.length === 0 ? [] : ['SET LOCAL citus.max_matview_size_to_auto_recreate TO -1']),
      // Until the other tables of a view are copied too, their shards are apart.
      ...(joining && how === 'copy' ? ['SET LOCAL citus.enable_repartition_joins TO on'] : []),
      // One that reads a distributed table reads its shards side by side, and Citus changes no other table after that in a transaction.
      // Nor can nodes open as many connections to each other as it takes at once within one that made shards.
      ...(joining ? ["SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"] : []),
      // A view is filled with what its owner sees, as its own REFRESH does.
      ...(bound.length > 0 || (materialized.length > 0 && how === 'convert')
        ? ['SET LOCAL row_security TO on']
        : []),
    ],
    before: bound.map((view, place) => `SELECT set_config(${setting(place)}, ${rowsOf(view)}, true)`),
    after: views.flatMap((view) => [
      ...(refreshed.includes(view) ? [refresh(view)] : []),
      ...(bound.includes(view) ? [refreshUnderPolicies(view, bound.indexOf(view))] : []),
      ...view.extras,
    ]),
    what: [
      ...ofAll(
        'the contents',
        materialized.map(({ view }) => view),
      ),
      ...ofAll(
        'indexes, grants and comments',
        views.filter(({ extras }) => extras.length > 0).map(({ view }) => view),
      ),
    ],
    refreshes: refreshed.some(({ populated }) => populated),
  };
}

/** Tables and partitions that a view reads and whose policies bind the owner too. Pure. */
export function boundBy(live: Pick<LiveDatabase, 'tables'>, view: LiveView): TableName[] {
  return [...withForcedPolicies(live, view.tables), ...view.forcedElsewhere];
}

/** A plain view without anything on it comes out whole by itself. */
function isForgotten({ kind, extras }: LiveView): boolean {
  return kind === 'materialized' || extras.length > 0;
}

function isFilled({ kind, populated }: LiveView): boolean {
  return kind === 'materialized' && populated;
}

function reads({ tables }: LiveView, some: readonly LiveTable[]): boolean {
  return some.some(({ table }) => tables.some((each) => sameTable(each, table)));
}

function refresh({ view, populated }: LiveView): string {
  return `REFRESH MATERIALIZED VIEW ${sqlTable(view)}${populated ? '' : ' WITH NO DATA'}`;
}

function refreshUnderPolicies(view: RecreatedView, place: number): string {
  const again = [...force(view.bound), refresh(view), ...noForce(view.bound)].join('; ');
  return `DO ${escapeLiteral(`BEGIN IF ${rowsOf(view)} <> current_setting(${setting(place)}) THEN ${again}; END IF; END`)}`;
}

function setting(place: number): string {
  return `'scaleout.rows_${String(place + 1)}'`;
}

/** How many rows a view holds, and a sum of their hashes, whatever their order. */
function rowsOf({ view }: LiveView): string {
  return `(SELECT concat_ws(' ', count(*), sum(hashtextextended(held::text, 0)::numeric)) FROM ${sqlTable(view)} AS held)`;
}
