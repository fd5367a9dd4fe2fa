import { allowancesOf } from '../database/checks/allowances';
import { rebalancePlan, rebalanceRun, rebalanceStatus, rebalanceStop } from '../rebalance/commands';
import type { Strategy } from '../rebalance/options';
import type { TransferMode } from '../citus/transfer-mode';
import type { AddVerb, Group } from './command';
import { detailedExitcode, findingsAllowed, strategy, transferMode, withDatabase } from './flags';
import type { DatabaseFlags } from './inputs';
import { databaseTarget } from './inputs';
import type { CliContext } from './io';

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
    async (context, flags) => rebalancePlan(context, await rebalanceInput(context, flags)),
  );

  verb(
    withDatabase(rebalance.command('run'))
      .description('start the background job, or find it running, and follow it to its end')
      .addOption(strategy())
      .addOption(transferMode())
      .addOption(findingsAllowed())
      .option('--no-compare-rows', 'do not count and hash every row that moves, before and after'),
    async (context, flags) =>
      rebalanceRun(context, { ...(await rebalanceInput(context, flags)), compareRows: flags.compareRows }),
  );

  verb(
    withDatabase(rebalance.command('status')).description('show how far the job is'),
    async (context, flags) => rebalanceStatus(context, { target: await databaseTarget(context, flags) }),
  );

  verb(withDatabase(rebalance.command('stop')).description('end the running job'), async (context, flags) =>
    rebalanceStop(context, { target: await databaseTarget(context, flags) }),
  );
}

interface RebalanceFlags extends DatabaseFlags {
  readonly strategy?: Strategy;
  readonly mode?: TransferMode;
  readonly allow: readonly string[];
}

async function rebalanceInput(context: CliContext, flags: RebalanceFlags) {
  const allow = allowancesOf(flags.allow);
  return { target: await databaseTarget(context, flags), strategy: flags.strategy, mode: flags.mode, allow };
}
