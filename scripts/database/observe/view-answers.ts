import type { Client } from 'pg';
import { z } from 'zod';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import { describeServerError, sqlStateOf, isOfHiddenRows, isServerError } from '../../lib/errors';
import type { ServerMessage } from '../../lib/errors';
import { count } from '../../lib/reporter';
import { fingerprintView, isSame } from './fingerprint';
import type { ViewFingerprint } from './fingerprint';
import type { LiveView } from '../model/live';
import { showTable, sqlTable } from '../model/names';
import { compareObjects, digestsOf } from './objects';
import { VIEW_STATE } from './view-state.sql';

/** Seconds one view may take. */
const VIEW_SECONDS = 60;

/** What a view answers with, or why it does not; no content of any row. */
export type ViewAnswer =
  | ViewFingerprint
  /** It cannot run: the server's words where they hold no values of rows, or else the SQLSTATE. */
  | { readonly cannotRun: string }
  | { readonly notAsked: string };

export interface ObservedView {
  readonly view: TableName;
  readonly kind: LiveView['kind'];
  /** It asks for the present time, a random choice, or the like, itself or through other views. */
  readonly momentary: boolean;
  /** Each thing that it is, as a short digest: definition, owner, options, grants, comments, indexes, ... */
  readonly objects: Readonly<Record<string, string>>;
  readonly answer: ViewAnswer;
}

export const observedViewSchema: z.ZodType<ObservedView> = z.object({
  view: z.object({ schema: z.string(), name: z.string() }),
  kind: z.enum(['plain', 'materialized']),
  momentary: z.boolean(),
  objects: z.record(z.string(), z.string()),
  answer: z.union([
    z.object({ rows: z.number(), checksum: z.string(), leftOut: z.array(z.string()) }),
    z.object({ cannotRun: z.string() }),
    z.object({ notAsked: z.string() }),
  ]),
});

/** @param answers by their {@link tableKey}, of those that were asked. Pure. */
export function observeViews(
  views: readonly LiveView[],
  state: ReadonlyMap<string, Readonly<Record<string, string>>>,
  answers: ReadonlyMap<string, ViewAnswer>,
): ObservedView[] {
  const momentary = momentaryViews(views);
  return views.map(({ view, kind }) => ({
    view,
    kind,
    momentary: momentary.has(tableKey(view)),
    objects: state.get(tableKey(view)) ?? {},
    answer: answers.get(tableKey(view)) ?? { notAsked: 'rows are not compared' },
  }));
}

/** All that views are beside their answers, each thing as a digest, by their {@link tableKey}. */
export async function readViewState(
  client: Client,
  views: readonly LiveView[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const definitions = await readViewDefinitions(client, views);
  return new Map(Object.entries(digestsOf(Object.fromEntries(definitions))));
}

/** The same undigested, for what is not written down. */
export async function readViewDefinitions(
  client: Client,
  views: readonly Pick<LiveView, 'view'>[],
): Promise<Map<string, Record<string, string | null>>> {
  const state = new Map<string, Record<string, string | null>>();
  if (views.length === 0) return state;
  const keys = new Map(views.map(({ view }) => [sqlTable(view), tableKey(view)]));
  await client.query('BEGIN READ ONLY');
  try {
    // Definitions come out with every name qualified when nothing of the users' is on the path.
    await client.query(
      `SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true)`,
    );
    const { rows } = await client.query<{ name: string; subject: string; definition: string | null }>(
      VIEW_STATE,
      [[...keys.keys()]],
    );
    for (const { name, subject, definition } of rows) {
      const key = keys.get(name) ?? name;
      state.set(key, { ...state.get(key), [subject]: definition });
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
  return state;
}

/** Undisturbed by what others look at: in a transaction of its own, that can change nothing. */
export async function askView(client: Client, { view, populated }: LiveView): Promise<ViewAnswer> {
  if (!populated) return { notAsked: 'it holds no data (WITH NO DATA)' };
  try {
    return await fingerprintView(client, view, VIEW_SECONDS);
  } catch (error) {
    // Somebody's exclusive lock is no answer.
    if (!isServerError(error) || error.severity !== 'ERROR' || sqlStateOf(error) === '55P03') throw error;
    if (error.code === '57014') return { notAsked: `it takes longer than ${String(VIEW_SECONDS)} s` };
    if (isOfHiddenRows(error)) return { notAsked: describeServerError(error) };
    return (await answersAtAll(client, view))
      ? { notAsked: `it cannot be counted (${withoutValues(error)})` }
      : { cannotRun: withoutValues(error) };
  }
}

/** A count of the view is another query than anybody asks. What Citus refuses, it refuses to plan, or a function refuses on a shard. */
async function answersAtAll(client: Client, view: TableName): Promise<boolean> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`SET LOCAL statement_timeout TO ${String(VIEW_SECONDS * 1000)}`);
    await client.query(`SELECT * FROM ${sqlTable(view)} LIMIT 1`);
    return true;
  } catch (error) {
    if (!isServerError(error) || error.severity !== 'ERROR') throw error;
    return error.code === '57014';
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/** Messages of other classes than of what is not supported, not allowed or broken may hold a value of a row, which is nobody else's business. */
export function withoutValues(error: ServerMessage): string {
  const { code = '' } = error;
  return /^(0A|42|XX)/.test(code) ? describeServerError(error) : `SQLSTATE ${code}`;
}

/** What PostgreSQL marks as not the same from one moment to the next, as it writes it in a definition; user-defined functions are not seen through. */
const MOMENTARY =
  /\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid|txid_current|pg_current_xact_id|age)\s*\(|\b(?:CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)\b|\bTABLESAMPLE\b/i;

/** Pure. @param views what a view reads comes before it */
export function momentaryViews(views: readonly LiveView[]): ReadonlySet<string> {
  const momentary = new Set<string>();
  for (const { view, definition, views: reads } of views) {
    if (MOMENTARY.test(definition) || reads.some((each) => momentary.has(tableKey(each)))) {
      momentary.add(tableKey(view));
    }
  }
  return momentary;
}

/** A view, then and now. */
export interface ViewCompared {
  readonly view: string;
  readonly kind: LiveView['kind'];
  /** Whether it answers as before; null where there is nothing to compare, and `detail` says why. */
  readonly same: boolean | null;
  readonly detail: string;
  /** Of all that it is beside its answer. */
  readonly objects: number;
  readonly gone: readonly string[];
  readonly different: readonly string[];
}

/** Pure. */
export function compareViews(before: readonly ObservedView[], now: readonly ObservedView[]): ViewCompared[] {
  const found = new Map(now.map((each) => [tableKey(each.view), each]));
  return before.map((was) => {
    const view = showTable(was.view);
    const is = found.get(tableKey(was.view));
    const objects = Object.keys(was.objects).length;
    const { kind } = was;
    if (is === undefined) {
      return { view, kind, same: false, detail: 'is gone', objects, gone: ['the view'], different: [] };
    }
    const [compared] = compareObjects({ [view]: was.objects }, { [view]: is.objects });
    const { gone = [], different = [] } = compared ?? {};
    return { view, kind, ...compareAnswer(was, is), objects, gone, different };
  });
}

function compareAnswer(was: ObservedView, is: ObservedView): Pick<ViewCompared, 'same' | 'detail'> {
  const [before, now] = [was.answer, is.answer];
  if ('notAsked' in before) return { same: null, detail: `not compared: before the run, ${before.notAsked}` };
  if ('cannotRun' in before) {
    return {
      same: null,
      detail: `not compared: it could not run when it was recorded (${before.cannotRun})`,
    };
  }
  const rows = `${count(before.rows)} rows`;
  if ('cannotRun' in now) {
    return { same: false, detail: `answered with ${rows} before, and cannot run now: ${now.cannotRun}` };
  }
  if ('notAsked' in now) return { same: null, detail: `not compared: ${now.notAsked}` };
  const but = now.leftOut.length === 0 ? '' : ` (${allOf(now.leftOut)} not compared: floating numbers)`;
  if (isSame(before, now)) {
    return { same: true, detail: `${rows}, the same as before${but}` };
  }
  const difference =
    now.rows === before.rows
      ? `${rows} as before, but not the same ones`
      : `answered with ${rows} before, with ${count(now.rows)} now`;
  // One that holds nothing any more has lost its rows, whatever it asks for.
  const emptied = now.rows === 0 && is.kind === 'materialized';
  if (was.momentary && !emptied) {
    return {
      same: null,
      detail: `not compared: it asks for the present time or a random choice, and ${difference}`,
    };
  }
  const refreshed = is.kind === 'materialized' && !emptied;
  return { same: false, detail: `${difference}${refreshed ? ': it was refreshed meanwhile' : ''}` };
}
