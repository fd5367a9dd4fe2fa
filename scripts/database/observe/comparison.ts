import type { Client } from 'pg';
import { InterruptedError } from '../../lib/errors';
import type { Reporter } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import type { AppliedStep } from '../model/step';
import { forgetRecord, readRecord, writeRecord } from './before-record';
import type { LiveDatabase } from '../model/live';
import { compareObjects } from './objects';
import type { Objects, ObjectsCompared } from './objects';
import { showTable } from '../model/names';
import { compareAnswers, compareRows, observeBefore } from './observation';
import type {
  AnswerCompared,
  ObservationContext,
  Observation,
  RowsCompared,
  ObservationSubject,
} from './observation';
import { compareSequences } from './sequences';
import type { SequenceCompared } from './sequences';
import { compareViews } from './view-answers';
import type { ViewCompared } from './view-answers';

/** What a run has to say of the rows; `before` of each is what `tables verify` may compare with. */
export interface RowsReceipt {
  /** When the rows were counted first, by this run or by the one it continues. */
  readonly takenAt: string;
  /** Reading every row twice took this long, the queries and objects with it. */
  readonly seconds: number;
  readonly tables: readonly RowsCompared[];
  /** Tables that were not counted on both sides, and why. */
  readonly notCounted: readonly NotCompared[];
}

/** A table whose rows nobody compared. */
export interface NotCompared {
  readonly table: string;
  readonly reason: string;
}

/** What a distribution left as it was, and what not. What versions before this one did not compare is optional. */
export interface Compared {
  readonly rows: readonly RowsCompared[];
  readonly answers: readonly AnswerCompared[];
  readonly objects: readonly ObjectsCompared[];
  readonly sequences?: readonly SequenceCompared[];
  readonly views?: readonly ViewCompared[];
  readonly notCounted?: readonly NotCompared[];
}

/**
 * Looks at what the run may not change, and writes it down in the database before anything is done. What the record of an
 * earlier run holds stays as it is; what that run was not about is looked at and added.
 */
export async function recordBefore(
  client: Client,
  subject: ObservationSubject,
  live: LiveDatabase,
  record: Observation | undefined,
  around: ObservationContext,
): Promise<Observation> {
  const before = await observeBefore(subject, live, record, around);
  if (before !== record) await writeRecord(client, before);
  return before;
}

/** What `tables apply` saw, for a receipt. */
export interface ReceiptContent {
  readonly applied: readonly AppliedStep[];
  readonly before: Observation | null;
  readonly after: Observation;
  readonly compared: Compared | null;
}

/**
 * Looks again after the last step, says what differs from before the first, and then forgets the record of it. Undefined
 * where nothing was recorded.
 */
export async function compareAndClear(
  context: VerbContext,
  client: Client,
  { applied, before: atFirst, lookedSeconds, look, keep }: CompareInput,
): Promise<
  (Omit<Required<Compared>, 'rows' | 'notCounted'> & { readonly rows: RowsReceipt | null }) | undefined
> {
  if (atFirst === undefined && keep === undefined) return undefined;
  const from = performance.now();
  // Steps that lift forced policies add to the record what they count meanwhile.
  const before = atFirst === undefined ? undefined : ((await readRecord(client)) ?? atFirst);
  const after = await look(before).catch((error: unknown) => {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      'stopped as asked: every step is done, and what came of rows and answers was not compared yet. Run the same command again for that alone',
    );
  });
  const seconds = lookedSeconds + (performance.now() - from) / 1000;
  if (before === undefined) {
    await keep?.({ applied, before: null, after, compared: null });
    return undefined;
  }
  const compared = compare(before, after);
  reportDifferences(context.reporter, before, compared);
  await keep?.({ applied, before, after, compared });
  await forgetRecord(client);
  const { rows: tables, notCounted, ...others } = compared;
  const rows =
    tables.length + notCounted.length === 0
      ? null
      : { takenAt: before.at, seconds: Math.round(seconds * 1000) / 1000, tables, notCounted };
  return { ...others, rows };
}

interface CompareInput {
  readonly applied: readonly AppliedStep[];
  readonly before: Observation | undefined;
  /** What looking before the first step took. */
  readonly lookedSeconds: number;
  /** @param before the record as it is by then */
  readonly look: (before: Observation | undefined) => Promise<Observation>;
  /** Called before the record goes: a run that is killed then can be finished by another. */
  readonly keep?: (seen: ReceiptContent) => Promise<void>;
}

/** What is compared besides rows and the answers of queries. */
export type ComparedState = Pick<Required<Compared>, 'objects' | 'sequences' | 'views'>;

/** Rows are compared where both looks counted them. Pure. */
export function compare(before: Observation, after: Observation): Required<Compared> {
  const counted = after.rows.length + (after.notCounted ?? []).length > 0;
  const rows = counted ? compareRows(before.rows, after.rows, after.notCounted) : [];
  const compared = new Set(rows.map(({ table }) => table));
  const reasons = new Map(
    [...(before.notCounted ?? []), ...(after.notCounted ?? [])].map(({ table, reason }) => [
      showTable(table),
      reason,
    ]),
  );
  return {
    rows,
    answers: compareAnswers(before.answers, after.answers),
    objects: compareObjects(recordedObjects(before), after.objects),
    sequences: compareSequences(before.sequences ?? [], after.sequences ?? []),
    views: compareViews(before.views ?? [], after.views ?? []),
    notCounted: [...reasons]
      .filter(([table]) => counted && !compared.has(table))
      .map(([table, reason]) => ({ table, reason })),
  };
}

/** Versions before this one had a sequence by its name alone, which of an identity column Citus does not keep. Pure. */
export function recordedObjects({ objects, sequences }: Observation): Objects {
  if (sequences !== undefined) return objects;
  return Object.fromEntries(
    Object.entries(objects).map(([table, subjects]) => [
      table,
      Object.fromEntries(Object.entries(subjects).filter(([subject]) => !subject.startsWith('sequence '))),
    ]),
  );
}

const OTHER_SETTINGS =
  'Shards answer with the settings of their nodes: give all nodes those of the coordinator (`tables plan` and `tables verify` have the statements)';
const OTHER_ROWS =
  'Writes continue during a run, and a query that asks for the present time, a random choice, or a LIMIT without a total order answers as it likes; ' +
  'where none of that is so, report this';

/** Says what differs, and what may have come of it. */
export function reportDifferences(
  reporter: Reporter,
  { at }: Observation,
  compared: Required<Compared>,
): void {
  for (const { table, before, after } of compared.rows.filter(({ same }) => !same)) {
    reporter.warn(
      `the rows of ${table} are others than at ${at}: ${String(before.rows)} then, ${after === undefined ? 'the table is gone' : `${String(after.rows)} now`}. ` +
        'Writes continue during a run; where no application wrote to it, restore it from a backup of that time and report this',
    );
  }
  for (const { query, detail, bySettings } of compared.answers.filter(({ same }) => same === false)) {
    reporter.warn(
      `the answer of query ${query} is another than at ${at}: ${detail}. ${bySettings === true ? OTHER_SETTINGS : OTHER_ROWS}`,
    );
  }
  for (const each of compared.objects.filter(({ same }) => !same)) {
    reporter.warn(
      `${describeObjects(each)}, compared with ${at}. Where nobody else changed it meanwhile, make it again from your migrations and report this`,
    );
  }
  for (const { table, sequence, detail } of compared.sequences.filter(({ same }) => same === false)) {
    reporter.warn(`${sequence} of table ${table} ${detail}, compared with ${at}. Report this`);
  }
  for (const each of compared.views) {
    if (each.same === false) reporter.warn(describeViewAnswer(each, at));
    if (each.gone.length + each.different.length > 0) {
      reporter.warn(
        `${describeViewObjects(each)}, compared with ${at}. Where nobody else changed it meanwhile, make it again from your migrations and report this`,
      );
    }
  }
  for (const { table, reason } of compared.notCounted) {
    reporter.info(`the rows of ${table} are not compared: ${reason}`);
  }
}

function describeViewAnswer({ view, kind, detail }: ViewCompared, at: string): string {
  return kind === 'materialized'
    ? `the rows of materialized view ${view} are others than at ${at}: ${detail}. \`tables apply\` refreshes the materialized views over tables that it makes anew, ` +
        'and one that was not fresh before holds the present rows then. Where no run or application refreshed it, run REFRESH MATERIALIZED VIEW and report this'
    : `the answer of view ${view} is another than at ${at}: ${detail}. Writes continue during a run, and a view with a LIMIT without a total order ` +
        'answers as it likes; where neither is so, report this';
}

/** How much of the state is as before: `Keys, indexes and all else are as before on 3 of 3 tables. No sequence was set back.` */
export function describeState({ objects, sequences, views }: ComparedState): string {
  const same = (all: readonly { readonly same: boolean | null }[]): string =>
    `${String(all.filter((each) => each.same === true).length)} of ${String(all.length)}`;
  const setBack = sequences.filter((each) => each.same === false).length;
  const asked = views.filter((each) => each.same !== null);
  return [
    ...(objects.length === 0 ? [] : [`Keys, indexes and all else are as before on ${same(objects)} tables.`]),
    ...(sequences.length === 0
      ? []
      : [
          setBack === 0
            ? 'No sequence was set back.'
            : `${String(setBack)} of ${String(sequences.length)} sequences were set back or are gone.`,
        ]),
    ...(asked.length === 0 ? [] : [`${same(asked)} views answer as before.`]),
  ].join(' ');
}

/** What differs of the state, each in one line. */
export function describeStateDifferences({ objects, sequences, views }: ComparedState): string[] {
  return [
    ...objects.filter(({ same }) => !same).map(describeObjects),
    ...sequences
      .filter(({ same }) => same === false)
      .map(({ table, sequence, detail }) => `${sequence} of table ${table} ${detail}`),
    ...views.flatMap((each) => [
      ...(each.same === false ? [`view ${each.view}: ${each.detail}`] : []),
      ...(each.gone.length + each.different.length > 0 ? [describeViewObjects(each)] : []),
    ]),
  ];
}

/** `view totals: comment is gone, definition is different` */
export function describeViewObjects({ view, gone, different }: ViewCompared): string {
  return `view ${view}: ${describeLost(gone, different)}`;
}

/** `table events: index events_note_idx is gone, comment on column note is different` */
export function describeObjects({ table, gone, different }: ObjectsCompared): string {
  return `table ${table}: ${describeLost(gone, different)}`;
}

function describeLost(gone: readonly string[], different: readonly string[]): string {
  return [...gone.map((each) => `${each} is gone`), ...different.map((each) => `${each} is different`)].join(
    ', ',
  );
}
