import { Option } from '@commander-js/extra-typings';
import type { Distribution } from '../../config/workload/distribution-types';
import { ScaleoutError } from '../lib/errors';
import { jobDefaults } from '../rebalance/cost/ways';
import type { TableQuestion } from '../simulate/asked-layout';
import type { AddVerb, Group } from './command';
import { strategy, transferMode, wholeNumber, withDistribution } from './flags';
import type { DistributionFlags } from './inputs';
import { databaseTarget, declaration, environmentNamed } from './inputs';

/** Adds `simulate`. */
export function addSimulate(program: Group, verb: AddVerb): void {
  verb(
    withDistribution(program.command('simulate'))
      .description(
        'what the shards, nodes and moves would be, from real rows; on a distributed database the asked layout beside the present one; changes nothing',
      )
      .addOption(
        new Option('--table <name>', 'one table, instead of a file: its shards').conflicts([
          'spec',
          'workload',
        ]),
      )
      .addOption(
        new Option('--column <name>', 'its distribution column; by default the one it has').conflicts([
          'spec',
          'workload',
        ]),
      )
      .option(
        '--workers <count>',
        "workers the cluster gets; by default the environment's, those there are, or 2",
        wholeNumber(0),
      )
      .option(
        '--shards <count>',
        "shards of a table; by default the file's, those it has, or 32; alone it asks of every table that is distributed",
        wholeNumber(1),
      )
      .option('--coordinator-holds-shards', 'the coordinator keeps shards beside workers, as by default')
      .option('--no-coordinator-holds-shards', 'the workers alone hold shards')
      .addOption(
        new Option('--sample', 'read some blocks of each table, however small it is').conflicts('exact'),
      )
      .option('--exact', 'read every row, however large a table is')
      .addOption(strategy())
      .addOption(transferMode()),
    async (context, flags) => {
      const { simulate } = await import('../simulate/commands.ts');
      const { estimate } = await import('../rebalance/cost/estimate.ts');
      const { plannedNodes } = await import('../../config/environment/planned-nodes.ts');
      const options = jobDefaults(flags);
      const asked = await simulatedDistribution(flags);
      const planned = flags.env === undefined ? undefined : plannedNodes(await environmentNamed(flags.env));
      return simulate(context, {
        target: await databaseTarget(context, flags),
        ...asked,
        shardCount: flags.shards,
        topology: {
          workers: flags.workers ?? planned?.workers,
          coordinatorHoldsShards: flags.coordinatorHoldsShards ?? planned?.coordinatorHoldsShards,
        },
        strategy: options.strategy,
        reading: flags.exact === true ? 'exact' : flags.sample === true ? 'sample' : 'auto',
        estimateMoves: (moves) => estimate(moves, options.mode, undefined),
      });
    },
  );
}

interface SimulatedFlags extends DistributionFlags {
  readonly table?: string;
  readonly column?: string;
}

/** A table with its column, or what {@link declaration} finds; nothing where nothing is named. */
async function simulatedDistribution(
  flags: SimulatedFlags,
): Promise<{ readonly expected?: Distribution; readonly question?: TableQuestion }> {
  const { table, column } = flags;
  if (table === undefined && column === undefined) {
    const { spec, workload, env } = flags;
    // A database that is distributed says itself how.
    return spec === undefined && workload === undefined && env === undefined ? {} : await declaration(flags);
  }
  if (table === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      '--column needs --table: a simulation asks what one column does to one table; a file (--spec) says it for many',
    );
  }
  const { readName, readTableName } = await import('../../config/workload/identifiers.ts');
  const name = readTableName(table);
  if (!name.ok) throw new ScaleoutError('input.invalid', `--table ${name.problem}`);
  if (column === undefined) return { question: { table: name.value } };
  const by = readName(column);
  if (!by.ok) throw new ScaleoutError('input.invalid', `--column ${by.problem}`);
  return { question: { table: name.value, column: by.value } };
}
