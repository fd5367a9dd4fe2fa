import type { Client } from 'pg';
import { InterruptedError } from '../lib/errors';
import type { VerbContext } from '../lib/verb';
import type { AppliedStep } from './apply';
import { forgetRecord, writeRecord } from './before-record';
import type { LiveDatabase } from './live';
import { compareObjects } from './objects';
import type { ObjectsCompared } from './objects';
import { compareAnswers, compareRows, observe } from './observation';
import type { AnswerCompared, Around, Observation, RowsCompared, Subject } from './observation';

/** What a run has to say of the rows; `before` of each is what `tables verify` may compare with. */
export interface RowsReceipt {
  /** When the rows were counted first, by this run or by the one it continues. */
  readonly takenAt: string;
  /** Reading every row twice took this long, the queries and objects with it. */
  readonly seconds: number;
  readonly tables: readonly RowsCompared[];
}

/** What a distribution left as it was, and what not. */
export interface Compared {
  readonly rows: readonly RowsCompared[];
  readonly answers: readonly AnswerCompared[];
  readonly objects: readonly ObjectsCompared[];
}

/** Looks at what the distribution may not change, and writes it down in the database before anything is done. */
export async function recordBefore(
  client: Client,
  subject: Subject,
  live: LiveDatabase,
  around: Around,
): Promise<Observation> {
  const before = await observe(client, subject, live, around);
  await writeRecord(client, before);
  return before;
}

/** What `tables apply` saw, for a receipt. */
export interface Seen {
  readonly applied: readonly AppliedStep[];
  readonly before: Observation | null;
  readonly after: Observation;
  readonly compared: Compared | null;
}

/**
 * Looks again after the last step, says what differs from before the first, and then forgets the record of it. Undefined
 * where nothing was recorded.
 */
export async function settle(
  context: VerbContext,
  client: Client,
  { applied, before, lookedSeconds, look, keep }: Settling,
): Promise<(Omit<Compared, 'rows'> & { readonly rows: RowsReceipt | null }) | undefined> {
  if (before === undefined && keep === undefined) return undefined;
  const from = performance.now();
  const after = await look().catch((error: unknown) => {
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
  reportDifferences(context, before, compared);
  await keep?.({ applied, before, after, compared });
  await forgetRecord(client);
  const { rows: tables, answers, objects } = compared;
  const rows =
    tables.length === 0 ? null : { takenAt: before.at, seconds: Math.round(seconds * 1000) / 1000, tables };
  return { rows, answers, objects };
}

interface Settling {
  readonly applied: readonly AppliedStep[];
  readonly before: Observation | undefined;
  /** What looking before the first step took. */
  readonly lookedSeconds: number;
  readonly look: () => Promise<Observation>;
  /** Called before the record goes: a run that is killed then can be finished by another. */
  readonly keep?: (seen: Seen) => Promise<void>;
}

/** Rows are compared where both looks counted them. Pure. */
export function compare(before: Observation, after: Observation): Compared {
  return {
    rows: after.rows.length === 0 ? [] : compareRows(before.rows, after.rows),
    answers: compareAnswers(before.answers, after.answers),
    objects: compareObjects(before.objects, after.objects),
  };
}

/** Says what differs, and what may have come of it. */
export function reportDifferences({ reporter }: VerbContext, { at }: Observation, compared: Compared): void {
  for (const { table, before, after } of compared.rows.filter(({ same }) => !same)) {
    reporter.warn(
      `the rows of ${table} are others than at ${at}: ${String(before.rows)} then, ${after === undefined ? 'the table is gone' : `${String(after.rows)} now`}. ` +
        'Writes go on while tables are distributed; where nobody wrote to it, restore it from a backup of that time and report this',
    );
  }
  for (const { query, detail } of compared.answers.filter(({ same }) => same === false)) {
    reporter.warn(
      `the answer of query ${query} is another than at ${at}: ${detail}. Writes go on while tables are distributed, and a query that asks for the ` +
        'present time, a random choice, or a LIMIT without a total order answers as it likes; where none of that is so, report this',
    );
  }
  for (const each of compared.objects.filter(({ same }) => !same)) {
    reporter.warn(
      `${describeObjects(each)}, compared with ${at}. Where nobody else changed it meanwhile, make it again from your migrations and report this`,
    );
  }
}

/** `table events: index events_note_idx is gone, comment on column note is different` */
export function describeObjects({ table, gone, different }: ObjectsCompared): string {
  const faults = [
    ...gone.map((each) => `${each} is gone`),
    ...different.map((each) => `${each} is different`),
  ];
  return `table ${table}: ${faults.join(', ')}`;
}
