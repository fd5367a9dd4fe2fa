import { TerraformVariable, VariableType } from 'cdktf';
import { Construct } from 'constructs';

export interface SecretVariableProps {
  /** Name of the Terraform variable; pipelines set `TF_VAR_<name>`. */
  readonly variableName: string;
  /** What the secret is, as the start of a sentence: `Password of the login citus`. */
  readonly secret: string;
}

/**
 * A secret as a sensitive Terraform variable without default: it is in no synthesized file. Terraform's state and its
 * saved plans do hold it, so both are secrets too.
 */
export class SecretVariable extends Construct {
  /** A reference for props that take the secret. */
  readonly value: string;

  constructor(scope: Construct, id: string, { variableName, secret }: SecretVariableProps) {
    super(scope, id);
    const variable = new TerraformVariable(this, 'Resource', {
      type: VariableType.STRING,
      description: `${secret}. Set it in the environment as TF_VAR_${variableName}.`,
      sensitive: true,
      nullable: false,
    });
    // The name is part of the interface, and independent of where the construct stands.
    variable.overrideLogicalId(variableName);
    this.value = variable.stringValue;
  }
}
