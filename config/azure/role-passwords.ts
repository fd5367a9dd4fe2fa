/** Terraform and `scaleout roles` read the password of the role `reporting` from `TF_VAR_role_reporting_password`. */
export function rolePasswordVariable(roleName: string): string {
  return `role_${roleName}_password`;
}
