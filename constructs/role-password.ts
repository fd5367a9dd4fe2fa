import type { Construct } from 'constructs';
import { roleName as roleNameType } from '../config/azure/database-roles';
import { rolePasswordVariable } from '../config/azure/role-passwords';
import { propProblems, requireValid } from './invalid-props';
import { SecretVariable } from './secret-variable';

/**
 * The password of one database role. One to a role of a stack.
 *
 * @throws InvalidPropsError when no role can have the name
 */
export class RolePassword extends SecretVariable {
  constructor(scope: Construct, id: string, roleName: string) {
    super(scope, id, {
      variableName: rolePasswordVariable(roleName),
      secret: `Password of the role ${roleName}. Another one drops the role and creates it again`,
    });
    // The variable is named after the role, so the name is checked before the role is made.
    requireValid(this, propProblems({ roleName }, { roleName: roleNameType }));
  }
}
