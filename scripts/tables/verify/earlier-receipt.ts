import { isDeepStrictEqual } from 'node:util';
import type { Distribution, TableName } from '../../../config/workload/distribution-types';
import { sameTable, showTable } from '../../database/model/names';
import { refused, ScaleoutError } from '../../lib/errors';
import { count } from '../../lib/reporter';
import type { Reporter } from '../../lib/reporter';
import type { ReceiptContent } from '../../database/observe/comparison';
import { compare } from '../../database/observe/comparison';
import type { Fingerprint } from '../../database/observe/fingerprint';
import type { Observation, RowsCompared } from '../../database/observe/observation';
import { readReceipt, requireWritable, RUN_AGAIN } from './receipt';
import type { Receipt } from './receipt';

/** What a specification names, as receipts write it down. Pure. */
export function specifiedBy({ tables, schemas = [] }: Distribution): string[] {
  return [
    ...tables.map(({ table }) => showTable(table)),
    ...schemas.map(({ schema }) => `schema ${schema}`),
  ].sort();
}

/**
 * The receipt that a run finds where it is to leave one, before anything is done.
 *
 * @throws ScaleoutError where the file is something else, or cannot be written; refused where it was edited, or is of a run for other
 *   tables, which this run does not look at
 */
export function findEarlierReceipt(file: string, expected: Distribution): Receipt | undefined {
  if (!requireWritable(file)) return undefined;
  const earlier = readReceipt(file);
  const now = specifiedBy(expected);
  const missing = earlier.specified.filter((name) => !now.includes(name));
  if (missing.length === 0) return earlier;
  throw refused(
    'tables.receipt-of-other-tables',
    `the receipt ${file} is of a run whose specification named ${missing.join(', ')} too, and this one does not: what there was before would be lost. ` +
      'Name another file, or the specification of that run; nothing was changed',
  );
}

/**
 * The same at the end of the run.
 *
 * @throws ScaleoutError where somebody put another file there meanwhile
 */
export function requireSameFile(file: string, earlier: Receipt | undefined): void {
  if (!requireWritable(file, RUN_AGAIN) || readReceipt(file).digest === earlier?.digest) return;
  throw new ScaleoutError(
    'file.replaced-meanwhile',
    `another receipt was written to ${file} during this run, so it is not replaced: name another file. ${RUN_AGAIN}`,
  );
}

/**
 * What a later run adds to a receipt. What there was before the first run stays, whatever was found since; only what that run did not
 * look at comes from this one. Of what this run did not look at, what was found last stays. Pure.
 */
export function continueReceipt(
  earlier: Pick<Receipt, 'applied' | 'before' | 'after'>,
  seen: ReceiptContent,
): ReceiptContent & { readonly before: Observation } {
  // Where there was nothing to do, what was found is what there was before.
  const before = completed(earlier.before ?? earlier.after, seen.before ?? seen.after);
  return {
    applied: [...earlier.applied, ...seen.applied],
    before,
    after: { ...completed(seen.after, earlier.after), rows: leftRows(earlier.after, seen) },
    compared: compare(before, seen.after),
  };
}

/**
 * Rows as the last run that changed them left them. Of a table that this run found as it leaves it, that is an earlier one: what was lost
 * in between stays lost.
 */
function leftRows(earlier: Observation, { before, after }: ReceiptContent): Observation['rows'] {
  const found = before ?? after;
  const rowsIn = ({ rows }: Observation, table: TableName): Fingerprint | undefined =>
    rows.find((each) => sameTable(each.table, table));
  const left = after.rows.map((now) =>
    isDeepStrictEqual(rowsIn(found, now.table), now) ? (rowsIn(earlier, now.table) ?? now) : now,
  );
  return [...left, ...earlier.rows.filter(({ table }) => rowsIn(after, table) === undefined)];
}

/** An observation, with what another looked at and it did not. */
function completed(mine: Observation, other: Observation): Observation {
  const tables = new Set(mine.rows.map(({ table }) => showTable(table)));
  const queries = new Set(mine.answers.map(({ query }) => query));
  return {
    ...mine,
    rows: [...mine.rows, ...other.rows.filter(({ table }) => !tables.has(showTable(table)))],
    answers: [...mine.answers, ...other.answers.filter(({ query }) => !queries.has(query))],
    objects: { ...other.objects, ...mine.objects },
  };
}

/** Says which tables are not as they were when the receipt was begun. */
export function reportSince(
  reporter: Reporter,
  file: string,
  at: string,
  rows: readonly RowsCompared[],
): void {
  for (const { table, before, after } of rows.filter(({ same }) => !same)) {
    const then = `the receipt ${file} says that ${table} held ${count(before.rows)} rows at ${at}`;
    if (after === undefined) reporter.warn(`${then}, and the table is gone`);
    else if (after.rows < before.rows) {
      reporter.warn(
        `${then}, and it holds ${count(after.rows)} now: ${count(before.rows - after.rows)} are gone since. ` +
          'Where nobody deleted them on purpose, restore them from a backup of that time',
      );
    } else {
      reporter.warn(
        `${then}, and it holds ${count(after.rows)} now, not the same ones: writes since, or a difference to look into`,
      );
    }
  }
}
