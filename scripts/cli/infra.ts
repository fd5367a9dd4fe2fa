import type { AddVerb, Group } from './command';
import { allowances, detailedExitcode } from './flags';

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
      .addOption(guardAllowances()),
    async (context, { allow }, name) => {
      const { deploy } = await import('../infra/deploy.ts');
      return deploy(context, { name, allow, environment: context.environment });
    },
  );
}

function guardAllowances() {
  return allowances('go ahead with what a guard calls by this id');
}
