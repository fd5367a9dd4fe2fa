import type { AddVerb, Group } from './command';
import { serverLogs, wholeNumber, withDatabase } from './flags';
import { databaseTarget, queriesOf } from './inputs';

/** Adds `advise`. */
export function addAdvise(program: Group, verb: AddVerb): void {
  verb(advise(program), async (context, flags) => {
    const { adviseDistribution, assumeQuery } = await import('../advise/commands.ts');
    if (flags.printAssumeQuery === true) return assumeQuery();
    const queries = await queriesOf(flags);
    const target = await databaseTarget(context, flags);
    if (flags.check !== undefined) {
      const { checkMigration } = await import('../advise/migration/check.ts');
      return checkMigration(context, { target, directory: flags.check });
    }
    const { shards: shardCount, out, column, assume, log: logs } = flags;
    const { loadAssumptions } = await import('../advise/assume.ts');
    const assumed = assume === undefined ? undefined : loadAssumptions(assume);
    const { report: file, growth, connections, iops } = flags;
    const report = file === undefined ? undefined : { file, demand: { growth, connections, iops } };
    return adviseDistribution(context, {
      target,
      ...queries,
      logs,
      shardCount,
      out,
      column,
      assumed,
      migration: flags.migration,
      report,
    });
  });
}

function advise(program: Group) {
  return withDatabase(program.command('advise'))
    .description(
      'which column, which reference tables, and why, for a database that is not distributed yet; changes nothing',
    )
    .option(
      '--queries <file>',
      'what runs all day, as config/workloads/*/queries.sql; with pg_stat_statements if there',
    )
    .addOption(serverLogs())
    .option('--shards <count>', 'shards of a distributed table', wholeNumber(1), 32)
    .option('--column <name>', 'what if it were this column: COLUMN, or TABLE.COLUMN')
    .option(
      '--assume <file>',
      'rows, sizes and distinct values of production, where this is a small copy of it',
    )
    .option('--print-assume-query', 'print the SQL that has production print that file (psql -AtX), and stop')
    .option(
      '--out <file>',
      'write the distribution.yaml that follows, to edit; never over a file that is there',
    )
    .option(
      '--migration <directory>',
      'write the SQL that makes the schema fit while the application runs, with its reverse; never over what is there',
    )
    .option('--check <directory>', 'say which steps of such a migration are done, and stop')
    .option(
      '--report <file>',
      'write what it takes, to hand to whoever decides: FILE.html, FILE.md or FILE.json',
    )
    .option('--growth <times>', 'in the report, clusters for so many times the data', wholeNumber(1), 2)
    .option('--connections <count>', 'in the report, for so many clients at once', wholeNumber(1))
    .option('--iops <count>', 'in the report, for so many I/O operations a second', wholeNumber(1));
}
