import { writeFileSync } from 'node:fs';
import type { WorkloadQuery } from '../../../config/workload-queries';
import { withClient } from '../../lib/connection';
import type { ConnectionTarget } from '../../lib/connection';
import { errorCode, ScaleoutError } from '../../lib/errors';
import type { VerbContext, VerbResult } from '../../lib/verb';
import { advise } from './advice';
import type { Advice } from './advice';
import { toDistributionFile } from './distribution-file';
import { readForAdvice } from './read';
import { describeAdvice } from './text';

/** Citus's own default of `citus.shard_count`. */
const SHARD_COUNT = 32;

export interface AdviseInput {
  readonly target: ConnectionTarget;
  /** What users run all day, beside what pg_stat_statements knows. */
  readonly queries?: readonly WorkloadQuery[] | undefined;
  /** Where to write the distribution.yaml. */
  readonly out?: string | undefined;
}

/**
 * Says of a database that is not distributed yet, plain PostgreSQL included, what should become of each table and why.
 * Changes nothing, reads catalogs and statistics alone, and plans queries without running them.
 */
export async function adviseDistribution(
  { reporter, signal }: VerbContext,
  { target, queries = [], out }: AdviseInput,
): Promise<VerbResult<Advice>> {
  const { input, caveats } = await withClient(
    target,
    (client) => readForAdvice(client, { queries, shardCount: SHARD_COUNT }),
    { purpose: 'advise', reporter, signal },
  );
  const advice = advise(input, caveats);
  if (out !== undefined) {
    write(out, toDistributionFile(advice));
    reporter.info(`wrote ${out}`);
  }
  return { document: advice, text: describeAdvice(advice), outcome: 'done' };
}

/** Never over a file that somebody may have edited. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error';
    throw new ScaleoutError(
      code === 'EEXIST'
        ? `${file} is there already, and it may have been edited: name another file with --out, or remove that one`
        : `${file} cannot be written (${code}): name another file with --out`,
      { cause: error },
    );
  }
}
