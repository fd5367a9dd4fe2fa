import { Option } from '@commander-js/extra-typings';
import type { AddVerb, Group } from './command';

/** Adds `adopt`. */
export function addAdopt(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('adopt')
      .description(
        'write the environment of a cluster that exists, and prove that its first deploy imports it and changes nothing',
      )
      .requiredOption(
        '--id <resource id>',
        'of the cluster: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME',
      )
      .requiredOption('--env <name>', 'name of the environment, and of its file in config/environments')
      .option('--workload <name>', 'what the database is for; not needed where there is one workload')
      .option('--production', 'the audit is to hold the environment to the rules of production')
      .addOption(
        new Option(
          '--state <backend>',
          'where the state is kept, instead of where bootstrap.yaml says',
        ).choices(['local'] as const),
      )
      .option('--no-plan', 'write the file only: neither synthesize nor ask Terraform')
      .addHelpText(
        'after',
        '\nLogs in as Terraform does: ARM_CLIENT_ID with ARM_CLIENT_SECRET, ARM_USE_OIDC, ARM_USE_MSI, or az login.\nReads Azure and changes nothing there.',
      ),
    async (context, { id, env, workload, production, state, plan }) => {
      const { adopt } = await import('../adopt/commands.ts');
      return adopt(context, {
        id,
        name: env,
        workload,
        production,
        state,
        plan,
        environment: context.environment,
      });
    },
  );
}
