import path from 'node:path';
import type { AddVerb, Group } from './command';
import { detailedExitcode, guardAllowances, receiptsDirectory } from './flags';

/** Adds the verbs that work on what Terraform deploys. */
export function addInfra(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('guard <env>')
      .description('plan an environment and refuse what loses data, by name; changes nothing')
      .addOption(guardAllowances())
      .addOption(detailedExitcode()),
    async (context, { allow }, name) => {
      const { guard } = await import('../infra/guard.ts');
      return guard(context, { name, allow, environment: context.environment });
    },
  );

  verb(
    program
      .command('deploy <env>')
      .description('plan, guard, ask, and apply exactly that plan; safe to interrupt and to run again')
      .addOption(guardAllowances())
      .option(
        '--dir <dir>',
        'apply what was synthesized there, and nothing else; refused where the audit finds an error in it',
      )
      .addOption(receiptsDirectory()),
    async (context, { allow, dir, receipts }, name) => {
      const { deployWithReceipt } = await import('../release/deploy.ts');
      return deployWithReceipt(context, {
        name,
        allow,
        environment: context.environment,
        ...(dir === undefined ? {} : { directory: path.resolve(dir), skipSynth: true }),
        ...(receipts === undefined ? {} : { receipts }),
      });
    },
  );
}
