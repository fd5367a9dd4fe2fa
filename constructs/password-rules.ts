import type { Precondition } from 'cdktf';
import { Token } from 'cdktf';
import { PASSWORD } from '../config/azure/service-limits';

/**
 * What the service asks of a password, for Terraform to check while it plans: the provider checks neither the upper
 * length nor the kinds of characters, and Azure only after minutes.
 *
 * These are preconditions of a resource on purpose. Terraform quotes the offending value when the validation of a
 * variable fails, a sensitive one too; when a precondition fails it does not.
 *
 * @param reference the password as an expression that Terraform resolves, as in `var.admin_password`
 * @param whose who signs in with it, as the message names them
 */
export function passwordPreconditions(reference: string, whose = 'login citus'): Precondition[] {
  const { shortest, longest, kinds, kindsNeeded } = PASSWORD;
  const patterns = JSON.stringify(kinds.map(({ pattern }) => pattern));
  return [
    {
      condition: `\${length(${reference}) >= ${shortest} && length(${reference}) <= ${longest}}`,
      errorMessage: `The password of the ${whose} must have ${shortest} to ${longest} characters.`,
    },
    {
      condition: `\${length([for kind in ${patterns} : kind if length(regexall(kind, ${reference})) > 0]) >= ${kindsNeeded}}`,
      errorMessage: `The password of the ${whose} must have characters of ${kindsNeeded} kinds out of ${kinds.map(({ name }) => name).join(', ')}.`,
    },
  ];
}

/**
 * A password must be a reference. The message never holds what was given instead.
 *
 * @param source the construct whose reference to pass
 */
export function passwordProblems(name: string, password: string | undefined, source: string): string[] {
  if (typeof password === 'string' && Token.isUnresolved(password)) return [];
  const wrong =
    password === undefined || password === ''
      ? 'is missing'
      : 'is a literal, which would end up in the synthesized file';
  return [`${name} ${wrong}: pass a reference, such as that of ${source}`];
}
