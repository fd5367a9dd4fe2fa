import path from 'node:path';
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { oneOf } from '../../config/text/text';
import type { WorkloadQuery } from '../../config/workload/workload-queries';
import { withClient } from '../lib/connection';
import type { ConnectionTarget } from '../lib/connection';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { htmlPage, markdownPage } from '../lib/page';
import type { VerbContext, VerbResult } from '../lib/verb';
import { putBackFirst } from '../database/checks/put-back-first';
import { requireShardCount } from '../database/model/shard-count';
import { advise } from './advice';
import type { Assessment, Demand } from './assessment';
import { assess } from './assessment';
import { assessmentPage } from './assessment-page';
import type { Advice } from './advice-document';
import type { Assumptions } from './assume';
import type { AskedColumn } from './join-keys';
import { ASSUME_QUERY } from './queries.sql';
import { toDistributionFile } from './distribution-file';
import { readForAdvice } from './read';
import { readServerLogs } from './server-log';
import { migrationFiles, requireFree, writeMigration } from './migration/files';
import { describeAdvice } from './text';

export interface AdviseInput {
  readonly target: ConnectionTarget;
  /** What users run all day, beside what pg_stat_statements knows. */
  readonly queries?: readonly WorkloadQuery[] | undefined;
  /** Logs of a server that users work with. */
  readonly logs?: readonly string[] | undefined;
  /** Shards of each distributed table. @default 32, Citus's own */
  readonly shardCount?: number | undefined;
  /** What production has, where this database is a small copy of it. */
  readonly assumed?: Assumptions | undefined;
  /** The column that somebody wants to see advice for: `COLUMN` or `TABLE.COLUMN`. */
  readonly column?: string | undefined;
  /** Where to write the distribution.yaml. */
  readonly out?: string | undefined;
  /** The directory to write a migration to. */
  readonly migration?: string | undefined;
  /** Where to write an assessment, as what the file's ending says: .html, .md or .json. */
  readonly report?: { readonly file: string; readonly demand: Demand } | undefined;
}

/**
 * Says of a database that is not distributed yet, plain PostgreSQL included, what should become of each table and why.
 * Changes nothing, reads catalogs and statistics alone, and plans queries without running them.
 */
export async function adviseDistribution(
  { reporter, signal }: VerbContext,
  { target, queries = [], logs = [], shardCount = 32, assumed, column, out, migration, report }: AdviseInput,
): Promise<VerbResult<Advice>> {
  requireShardCount(shardCount);
  // Before minutes of planning, and again when it is written.
  if (out !== undefined && existsSync(out)) throw alreadyThere(out, '--out');
  if (migration !== undefined) requireFree(migration);
  const written = report === undefined ? undefined : reportWriter(report.file);
  const logged = logs.length === 0 ? undefined : await readServerLogs(logs);
  const { input, caveats } = await withClient(
    target,
    async (client) => {
      await putBackFirst(client, reporter);
      return readForAdvice(client, { queries, logged, shardCount, assumed, asked: askedOf(column) });
    },
    { purpose: 'advise', reporter, signal },
  );
  const advice = advise(input, caveats);
  if (out !== undefined) {
    write(out, toDistributionFile(advice), '--out');
    reporter.info(`wrote ${out}`);
  }
  if (migration !== undefined) {
    writeMigration(migration, migrationFiles(advice.migration, advice.changes));
    reporter.info(`wrote ${migration}`);
  }
  if (report !== undefined && written !== undefined) {
    write(report.file, written(advice, assess(advice, report.demand)), '--report');
    reporter.info(`wrote ${report.file}`);
  }
  return { document: advice, text: describeAdvice(advice), outcome: 'done' };
}

function askedOf(text: string | undefined): AskedColumn | undefined {
  if (text === undefined) return undefined;
  const [, table, column = text] = /^(.+)\.([^.]+)$/.exec(text) ?? [];
  return { ...(table === undefined ? {} : { table: table.replace(/^public\./, '') }), column };
}

/** What another database is asked, to print the file that `--assume` reads. */
export function assumeQuery(): VerbResult<{ readonly formatVersion: 1; readonly query: string }> {
  return { document: { formatVersion: 1, query: ASSUME_QUERY }, text: `${ASSUME_QUERY};`, outcome: 'done' };
}

type ReportWriter = (advice: Advice, assessment: Assessment) => string;

const REPORTS: Readonly<Record<string, ReportWriter>> = {
  '.html': (advice, assessment) => htmlPage(assessmentPage(assessment, advice)),
  '.md': (advice, assessment) => markdownPage(assessmentPage(assessment, advice)),
  '.json': (_, assessment) => `${JSON.stringify(assessment, undefined, 2)}\n`,
};

/** Refuses before minutes of planning what could not be written after them. */
function reportWriter(file: string): ReportWriter {
  const writer = REPORTS[path.extname(file).toLowerCase()];
  if (writer === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `${file} says not what the report is to be written as: name a file that ends in ${oneOf(Object.keys(REPORTS))} with --report`,
    );
  }
  if (existsSync(file)) throw alreadyThere(file, '--report');
  return writer;
}

/** Never over a file that somebody may have edited, and whole or not at all. */
function write(file: string, text: string, flag: string): void {
  const unfinished = `${file}.${String(process.pid)}.part`;
  try {
    writeFileSync(unfinished, text, { flag: 'wx' });
    // Unlike a rename, a link never takes the place of what is there.
    linkSync(unfinished, file);
  } catch (error) {
    const code = nodeCodeOf(error) ?? 'unknown error';
    if (code === 'EEXIST') throw alreadyThere(file, flag, error);
    throw new ScaleoutError(
      'file.unwritable',
      `${file} cannot be written (${code}): name another file with ${flag}`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function alreadyThere(file: string, flag: string, cause?: unknown): ScaleoutError {
  return new ScaleoutError(
    'file.exists',
    `${file} is there already, and it may have been edited: name another file with ${flag}, or remove that one`,
    { cause },
  );
}
