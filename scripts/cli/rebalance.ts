import type { Strategy } from '../citus/strategy';
import type { TransferMode } from '../citus/transfer-mode';
import type { AddVerb, Group } from './command';
import { detailedExitcode, findingsAllowed, strategy, transferMode, withDatabase } from './flags';
import type { DatabaseFlags } from './inputs';
import { allowed, databaseTarget } from './inputs';
import type { CliContext } from './io';

/** Adds `rebalance plan|run|status|stop`. */
export function addRebalance(program: Group, verb: AddVerb): void {
  const rebalance = program
    .command('rebalance')
    .description('move shards until every node carries its share');

  verb(
    withDatabase(rebalance.command('plan'))
      .description('show which shards would move where, and how long it takes; changes nothing')
      .addOption(strategy())
      .addOption(transferMode())
      .addOption(findingsAllowed())
      .addOption(detailedExitcode()),
    async (context, flags) => {
      const { rebalancePlan } = await import('../rebalance/commands.ts');
      return rebalancePlan(context, await rebalanceInput(context, flags));
    },
  );

  verb(
    withDatabase(rebalance.command('run'))
      .description('start the background job, or find it running, and follow it to its end')
      .addOption(strategy())
      .addOption(transferMode())
      .addOption(findingsAllowed())
      .option('--no-compare-rows', 'do not count and hash every row that moves, before and after'),
    async (context, flags) => {
      const { rebalanceRun } = await import('../rebalance/commands.ts');
      const input = await rebalanceInput(context, flags);
      return rebalanceRun(context, { ...input, compareRows: flags.compareRows });
    },
  );

  verb(
    withDatabase(rebalance.command('status')).description('show how far the job is'),
    async (context, flags) => {
      const { rebalanceStatus } = await import('../rebalance/commands.ts');
      return rebalanceStatus(context, { target: await databaseTarget(context, flags) });
    },
  );

  verb(withDatabase(rebalance.command('stop')).description('end the running job'), async (context, flags) => {
    const { rebalanceStop } = await import('../rebalance/commands.ts');
    return rebalanceStop(context, { target: await databaseTarget(context, flags) });
  });
}

interface RebalanceFlags extends DatabaseFlags {
  readonly strategy?: Strategy;
  readonly mode?: TransferMode;
  readonly allow: readonly string[];
}

async function rebalanceInput(context: CliContext, flags: RebalanceFlags) {
  const allow = await allowed(flags.allow);
  return { target: await databaseTarget(context, flags), strategy: flags.strategy, mode: flags.mode, allow };
}
