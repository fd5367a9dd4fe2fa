import type { Command } from '@commander-js/extra-typings';
import { refused } from '../lib/errors';
import type { AddVerb, Group } from './command';
import { detailedExitcode } from './flags';
import { databaseTarget, environmentNamed } from './inputs';
import type { CliContext } from './io';

/** Adds `roles plan|apply`. */
export function addRoles(program: Group, verb: AddVerb): void {
  const roles = program
    .command('roles')
    .description('the logins of an elastic cluster, as the file of its environment names them');

  verb(
    withEnvironment(roles.command('plan'))
      .description('show which roles would be made and which get another password; changes nothing')
      .addOption(detailedExitcode()),
    async (context, flags) => {
      const { rolesPlan } = await import('../roles/commands.ts');
      return rolesPlan(context, await rolesInput(context, flags));
    },
  );

  verb(
    withEnvironment(roles.command('apply')).description(
      'make them on every node, with their passwords; safe to interrupt and to run again',
    ),
    async (context, flags) => {
      const { rolesApply } = await import('../roles/commands.ts');
      return rolesApply(context, await rolesInput(context, flags));
    },
  );
}

function withEnvironment(command: Command) {
  return command
    .requiredOption('--env <name>', 'the environment whose file names the roles')
    .option(
      '--url [url]',
      "the database, instead of what the environment's Terraform outputs say: postgresql://USER@HOST:PORT/DATABASE, or the libpq variables where no URL follows",
    )
    .addHelpText(
      'after',
      '\nThe password of each role comes from TF_VAR_role_NAME_password, that of the administrator from PGPASSWORD.\nA role that logs in with its password stays as it is. Grants are yours: GRANT in SQL what a role may do.',
    );
}

interface RolesFlags {
  readonly env: string;
  readonly url?: string | true;
}

/** @throws ScaleoutError (refused) where Terraform makes the roles */
async function rolesInput(context: CliContext, { env, url }: RolesFlags) {
  const settings = await environmentNamed(env);
  if (settings.service !== 'elastic-cluster') {
    throw refused(
      'roles.made-by-terraform',
      `the roles of ${env} are made by Terraform, as its service is Azure Cosmos DB for PostgreSQL, where no login may make any: change roles in its file and run npx scaleout deploy ${env}; nothing was changed`,
    );
  }
  const { cluster, roles = [] } = settings;
  const environment = {
    ...context.environment,
    PGUSER: context.environment['PGUSER'] ?? cluster.login,
    PGDATABASE: context.environment['PGDATABASE'] ?? cluster.database,
  };
  return {
    target: await databaseTarget(
      { ...context, environment },
      url === undefined ? { env } : url === true ? {} : { url },
    ),
    environment: env,
    roles: roles.map(({ name }) => name),
    variables: context.environment,
  };
}
