import type { Precondition } from 'cdktf';
import { PASSWORD } from '../config/service-limits';

/**
 * What the service asks of a password, for Terraform to check while it plans: the provider checks neither the upper
 * length nor the kinds of characters, and Azure only after minutes.
 *
 * These are preconditions of a resource on purpose. Terraform quotes the offending value when the validation of a
 * variable fails, a sensitive one too; when a precondition fails it does not.
 *
 * @param reference the password as an expression that Terraform resolves, as in `var.admin_password`
 */
export function passwordPreconditions(reference: string): Precondition[] {
  const { shortest, longest, kinds, kindsNeeded } = PASSWORD;
  const patterns = JSON.stringify(kinds.map(({ pattern }) => pattern));
  return [
    {
      condition: `\${length(${reference}) >= ${shortest} && length(${reference}) <= ${longest}}`,
      errorMessage: `The password of the login citus must have ${shortest} to ${longest} characters.`,
    },
    {
      condition: `\${length([for kind in ${patterns} : kind if length(regexall(kind, ${reference})) > 0]) >= ${kindsNeeded}}`,
      errorMessage: `The password of the login citus must have characters of ${kindsNeeded} kinds out of ${kinds.map(({ name }) => name).join(', ')}.`,
    },
  ];
}
