import { randomBytes } from 'node:crypto';
import { ROLE } from '../audit/stack/azurerm';
import { ignores } from '../audit/stack/ignored-changes';
import type { Block, Synthesized } from '../audit/stack/synthesized';
import { leaves, pointer, resourcesOf } from '../audit/stack/synthesized';
import type { ProcessEnvironment } from './terraform';

const PASSWORD = 'password';
const ONE_VARIABLE = /^\$\{var\.([A-Za-z_][\w-]*)\}$/;

export interface Placeholders {
  /** For the environment of Terraform. */
  readonly variables: ProcessEnvironment;
  /** What Terraform calls them, by the address of the role. */
  readonly missingPasswords: ReadonlyMap<string, string>;
}

/**
 * Azure never tells the password of a role, so Terraform ignores those of an adopted cluster; yet the argument has to
 * have a value. Where nobody gives one, a random one stands in for it, for this run alone: it is sent nowhere unless a
 * role is created, which a guard refuses.
 */
export function passwordPlaceholders(
  stack: Synthesized,
  environment: ProcessEnvironment,
  planArguments: readonly string[] = [],
): Placeholders {
  const missing = resourcesOf(stack, ROLE).flatMap((role) => {
    const variable = placeholderOf(role, stack);
    const given =
      variable === undefined ||
      (environment[`TF_VAR_${variable}`] ?? '') !== '' ||
      planArguments.some((argument) => argument.startsWith(`-var=${variable}=`));
    return given ? [] : [[role.address, variable] as const];
  });
  return {
    variables: Object.fromEntries(missing.map(([, variable]) => [`TF_VAR_${variable}`, randomPassword()])),
    missingPasswords: new Map(missing),
  };
}

/** The variable of a role's password, where Terraform ignores the password and nothing else needs the variable. */
function placeholderOf(role: Block, stack: Synthesized): string | undefined {
  const written = role.body[PASSWORD];
  const variable = typeof written === 'string' ? ONE_VARIABLE.exec(written)?.[1] : undefined;
  if (variable === undefined || !ignores(role, PASSWORD)) return undefined;
  const isElsewhere = leaves(stack.document).some(
    (leaf) => leaf.value === written && leaf.pointer !== role.pointer + pointer(PASSWORD),
  );
  return isElsewhere ? undefined : variable;
}

/** Of the four kinds of characters that the service asks for. */
function randomPassword(): string {
  return `Aa1-${randomBytes(30).toString('base64url')}`;
}
