import { showTable } from '../database/model/names';
import type { WorkloadQuery } from '../../config/workload/workload';
import type { ConnectionTarget } from '../lib/connection';
import { describeTarget } from '../lib/connection';
import { ScaleoutError } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { compareSides } from './decide';
import type { CompareDocument } from './decide';
import { readSide } from './read';
import { describeCompared } from './text';

export interface CompareInput {
  readonly from: ConnectionTarget;
  readonly to: ConnectionTarget;
  /** Their answers and Task Counts are compared. */
  readonly queries?: readonly WorkloadQuery[];
}

/** Holds two live databases against each other; reads both at the same time, each once, and changes nothing. */
export async function compare(
  { reporter, signal }: VerbContext,
  { from, to, queries = [] }: CompareInput,
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
      signal: AbortSignal.any([signal, failed.signal]),
      onRelation(relation) {
        begun.add(`${side} ${showTable(relation)}`);
        progress.update(begun.size, showTable(relation));
      },
    });
  const both = [read('from', from), read('to', to)] as const;
  try {
    const document = compareSides(...(await Promise.all(both)));
    progress.finish('');
    return { document, text: describeCompared(document), outcome: document.equal ? 'done' : 'failed' };
  } catch (error) {
    failed.abort();
    await Promise.allSettled(both);
    throw error;
  }
}
