import { rolePasswordVariable } from '../../config/azure/role-passwords';
import { PASSWORD } from '../../config/azure/service-limits';
import { allOf } from '../../config/text/text';
import { ScaleoutError } from '../lib/errors';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that holds the password of a role: the one that Terraform reads where it makes roles itself. */
export function passwordVariable(role: string): string {
  return `TF_VAR_${rolePasswordVariable(role)}`;
}

/**
 * The passwords of the roles, by name.
 *
 * @throws ScaleoutError naming every variable that is missing, or holds what is no password here; never what it holds
 */
export function readPasswords(
  roles: readonly string[],
  environment: Environment,
): ReadonlyMap<string, string> {
  const given = roles.map((role) => ({ role, password: environment[passwordVariable(role)] ?? '' }));
  const missing = given.filter(({ password }) => password === '').map(({ role }) => passwordVariable(role));
  const wrong = given.flatMap(({ role, password }) => {
    const problem = password === '' ? undefined : passwordProblem(password);
    return problem === undefined ? [] : [`${passwordVariable(role)} ${problem}`];
  });
  const problems = [
    ...(missing.length === 0
      ? []
      : [
          `${allOf(missing)} ${missing.length === 1 ? 'is' : 'are'} not set: ${missing.length === 1 ? 'it holds the password of its role' : 'each holds the password of its role'}`,
        ]),
    ...wrong,
  ];
  if (problems.length > 0) {
    throw new ScaleoutError('roles.passwords', `${problems.join('; ')}. Nothing was changed`, {
      details: { missing, wrong: wrong.map((each) => each.split(' ')[0]) },
    });
  }
  return new Map(given.map(({ role, password }) => [role, password]));
}

/** As Terraform holds the passwords of roles to it, and of characters that every client sends alike. */
function passwordProblem(password: string): string | undefined {
  const { shortest, longest, kinds, kindsNeeded } = PASSWORD;
  if (!/^[ -~]*$/.test(password)) {
    return 'has characters other than the printable ones of ASCII, which clients send in different ways';
  }
  if (password.length < shortest || password.length > longest) {
    return `has ${String(password.length)} characters: a password has ${String(shortest)} to ${String(longest)}`;
  }
  const found = kinds.filter(({ pattern }) => new RegExp(pattern).test(password));
  return found.length < kindsNeeded
    ? `has characters of too few kinds: a password has those of ${String(kindsNeeded)} out of ${kinds.map(({ name }) => name).join(', ')}`
    : undefined;
}
