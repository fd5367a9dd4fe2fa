import { oneOf } from '../../config/text/text';
import type { TableName } from '../../config/workload/distribution-types';
import { sameTable, showTable } from '../database/model/names';
import type { WorkloadQuery } from '../../config/workload/workload';
import type { ConnectionTarget } from '../lib/connection';
import { describeTarget } from '../lib/connection';
import { describeServerError, isServerError, ScaleoutError, sqlStateOf } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { loadSqlParser } from '../../config/workload/sql-parser';
import { alikeAcrossLogins } from './across-logins';
import { alikeAcrossVersions, differentMajors } from './across-versions';
import { compareSides } from './decide';
import type { CompareDocument } from './decide';
import { readSide } from './read';
import type { Side } from './side';
import { describeCompared } from './text';

export interface CompareInput {
  readonly from: ConnectionTarget;
  readonly to: ConnectionTarget;
  /** Their answers and Task Counts are compared. */
  readonly queries?: readonly WorkloadQuery[];
  /** Tables and views that alone are compared. @default - both databases as wholes */
  readonly tables?: readonly TableName[];
}

/** Holds two live databases against each other; reads both at the same time, each once, and changes nothing. */
export async function compare(
  { reporter, signal }: VerbContext,
  { from, to, queries = [], tables }: CompareInput,
): Promise<VerbResult<CompareDocument>> {
  if (from.host === to.host && from.port === to.port && from.database === to.database) {
    throw new ScaleoutError(
      'input.invalid',
      `--from and --to both name ${describeTarget(from)}: name two databases`,
    );
  }
  const progress = reporter.progress('reading both databases', undefined, 'tables');
  const begun = new Set<string>();
  // Once one side fails, the other is of no use.
  const failed = new AbortController();
  const read = (side: 'from' | 'to', target: ConnectionTarget) =>
    readSide(target, {
      queries,
      tables,
      signal: AbortSignal.any([signal, failed.signal]),
      onRelation(relation) {
        begun.add(`${side} ${showTable(relation)}`);
        progress.update(begun.size, showTable(relation));
      },
    }).catch((error: unknown) => {
      if (!isServerError(error) || sqlStateOf(error) !== '42501') throw error;
      throw new ScaleoutError(
        'cluster.not-readable',
        `--${side}, ${describeTarget(target)}, cannot be read as ${target.user}: ${describeServerError(error)} ` +
          'Log in as the owner of its objects, or GRANT USAGE on the schemas that hold them. Nothing was changed',
        { cause: error },
      );
    });
  const both = [read('from', from), read('to', to)] as const;
  try {
    const sides = await Promise.all(both);
    requireThere(tables ?? [], sides);
    const owned = alikeAcrossLogins(...sides);
    const alike = differentMajors(...owned) ? alikeAcrossVersions(...owned, await loadSqlParser()) : owned;
    const document = compareSides(...alike);
    progress.finish('');
    return { document, text: describeCompared(document), outcome: document.equal ? 'done' : 'failed' };
  } catch (error) {
    failed.abort();
    await Promise.allSettled(both);
    throw error;
  }
}

/** @throws ScaleoutError that names what is in neither database */
function requireThere(tables: readonly TableName[], sides: readonly Side[]): void {
  const found = sides.flatMap((side) => [
    ...side.tables.map(({ table }) => table),
    ...side.views.map(({ view }) => view),
  ]);
  const missing = tables.filter((table) => !found.some((each) => sameTable(each, table)));
  if (missing.length === 0) return;
  throw new ScaleoutError(
    'input.invalid',
    `neither database has a table or view ${oneOf(missing.map(showTable))}, which --tables names: write table or schema.table; partitions are compared with their table`,
  );
}
