import type { AddVerb, Group } from './command';
import { wholeNumber, withDatabase } from './flags';
import { databaseTarget, queriesOf } from './inputs';

/** Adds `advise`. */
export function addAdvise(program: Group, verb: AddVerb): void {
  verb(
    withDatabase(program.command('advise'))
      .description(
        'which column, which reference tables, and why, for a database that is not distributed yet; changes nothing',
      )
      .option(
        '--queries <file>',
        'what runs all day, as config/workloads/*/queries.sql; with pg_stat_statements if there',
      )
      .option('--shards <count>', 'shards of a distributed table', wholeNumber(1), 32)
      .option(
        '--out <file>',
        'write the distribution.yaml that follows, to edit; never over a file that is there',
      ),
    async (context, flags) => {
      const { adviseDistribution } = await import('../advise/commands.ts');
      const queries = await queriesOf(flags);
      const target = await databaseTarget(context, flags);
      return adviseDistribution(context, { target, ...queries, shardCount: flags.shards, out: flags.out });
    },
  );
}
