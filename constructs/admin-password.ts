import { TerraformVariable, VariableType } from 'cdktf';
import { Construct } from 'constructs';

/** Terraform reads it from the environment as `TF_VAR_admin_password`. */
export const ADMIN_PASSWORD_VARIABLE = 'admin_password';

const CLASSES = ['[a-z]', '[A-Z]', '[0-9]', '[^a-zA-Z0-9]'];

/**
 * The password of the login `citus`, as a sensitive Terraform variable without default: it is in no synthesized file
 * and in no plan. Terraform's state does hold it, so the state is a secret too. One to a stack.
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
    const given = `var.${ADMIN_PASSWORD_VARIABLE}`;
    // The provider checks neither the upper length nor the classes, and Azure only after minutes.
    variable.addValidation({
      condition: `\${length(${given}) >= 8 && length(${given}) <= 128}`,
      errorMessage: 'The password of the login citus has 8 to 128 characters.',
    });
    variable.addValidation({
      condition: `\${length([for class in ${JSON.stringify(CLASSES)} : class if length(regexall(class, ${given})) > 0]) >= 3}`,
      errorMessage:
        'The password of the login citus has characters of three kinds out of small letters, capitals, digits and symbols.',
    });
    this.value = variable.stringValue;
  }
}
