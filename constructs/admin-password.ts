import type { Construct } from 'constructs';
import { SecretVariable } from './secret-variable';

/** Terraform reads it from the environment as `TF_VAR_admin_password`. */
export const ADMIN_PASSWORD_VARIABLE = 'admin_password';

export interface AdminPasswordProps {
  /**
   * Who signs in with it.
   *
   * @default citus
   */
  readonly login?: string;
}

/** The password of the administrator. One to a stack. */
export class AdminPassword extends SecretVariable {
  constructor(scope: Construct, id: string, { login = 'citus' }: AdminPasswordProps = {}) {
    super(scope, id, { variableName: ADMIN_PASSWORD_VARIABLE, secret: `Password of the login ${login}` });
  }
}
