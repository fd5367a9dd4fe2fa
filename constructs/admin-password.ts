import { TerraformVariable, VariableType } from 'cdktf';
import { Construct } from 'constructs';

/** Terraform reads it from the environment as `TF_VAR_admin_password`. */
export const ADMIN_PASSWORD_VARIABLE = 'admin_password';

/**
 * The password of the login `citus`, as a sensitive Terraform variable without default: it is in no synthesized file.
 * Terraform's state and its saved plans do hold it, so both are secrets too. One to a stack.
 */
export class AdminPassword extends Construct {
  /** A reference for props that take the password. */
  readonly value: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const variable = new TerraformVariable(this, 'Resource', {
      type: VariableType.STRING,
      description: 'Password of the login citus. Set it in the environment as TF_VAR_admin_password.',
      sensitive: true,
      nullable: false,
    });
    // The name is part of the interface: pipelines set TF_VAR_admin_password.
    variable.overrideLogicalId(ADMIN_PASSWORD_VARIABLE);
    this.value = variable.stringValue;
  }
}
