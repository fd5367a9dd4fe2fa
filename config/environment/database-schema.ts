import { z } from 'zod';
import { roleName, sqlRoleName } from '../azure/database-roles';
import { strictShape } from '../file/schema-types';

const ROLES = { error: 'a list of roles, as in [{ name: app }]' };

const role = strictShape(
  { name: roleName.describe('Another name drops this role and makes another.') },
  'a role, as in { name: app }',
);

export const roles = z
  .array(role, ROLES)
  .describe(
    'Roles that can log in beside citus. The password of each comes from the environment, as TF_VAR_role_NAME_password; a changed one drops the role and makes it again.',
  );

/** Roles that are made in SQL, after the deploy. */
export const elasticRoles = z
  .array(
    strictShape(
      { name: sqlRoleName.describe('Another name is another role; the earlier one stays.') },
      'a role, as in { name: app }',
    ),
    ROLES,
  )
  .describe(
    'Roles that can log in beside the administrator: `npx scaleout roles apply` makes them. The password of each comes from the environment, as TF_VAR_role_NAME_password.',
  );

export const parameterValue = z
  .union([z.string(), z.number()], { error: 'text or a number, as in on or 64' })
  .transform(String);
export const parameterValues = z.record(z.string(), parameterValue, {
  error: "parameters and their values, as in { work_mem: '65536' }",
});
const perNode = (whose: string): z.ZodOptional<typeof parameterValues> =>
  parameterValues.optional().describe(`Server parameters of ${whose}, by name, in the units of the service.`);

export const parameters = strictShape(
  {
    coordinator: perNode('the coordinator, or of a single node'),
    workers: perNode('every worker; they take effect once there are workers'),
  },
  'parameters of the coordinator, the workers or both',
).describe('Server parameters that differ from the defaults of the service.');

export const elasticParameters = parameterValues.describe(
  'Server parameters of every node that differ from the defaults of the service, by name, in the units of the service. Some restart the nodes.',
);
