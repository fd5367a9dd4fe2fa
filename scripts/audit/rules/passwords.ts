import { CLUSTER, ROLE } from '../azurerm';
import { checkAt, constructPathAt } from '../owner';
import type { Problem, Rule } from '../rule';
import { problemAt, verdict } from '../rule';
import { namesSecret } from '../secrets';
import type { Leaf, Synthesized } from '../synthesized';
import { isObject, isUnresolved, leaves, pointer, section } from '../synthesized';

/** `scheme://user:password@host`. */
const CREDENTIALS_IN_URL = /:\/\/[^/\s:@]+:[^/\s@]+@/;
const ONE_VARIABLE = /^\$\{var\.([A-Za-z_][\w-]*)\}$/;

export const passwords: Rule = {
  id: 'passwords',
  level: 'error',
  property:
    'Every secret is a sensitive variable without default, referenced as a whole where it is needed and nowhere else.',
  check(stack) {
    const secrets = secretVariables(stack);
    return verdict([
      ...missing(stack),
      ...leaves(stack.document).flatMap((leaf) => judgeLeaf(stack, leaf, secrets)),
      ...[...secrets].flatMap((name) => judgeVariable(stack, name)),
    ]);
  },
};

/** Variables that hold a secret: named like one, declared sensitive, or used where one belongs. */
function secretVariables(stack: Synthesized): ReadonlySet<string> {
  const declared = Object.entries(section(stack, 'variable')).flatMap(([name, body]) =>
    namesSecret(name) || (isObject(body) && body['sensitive'] === true) ? [name] : [],
  );
  const used = leaves(stack.document).flatMap((leaf) => {
    const name = ONE_VARIABLE.exec(String(leaf.value))?.[1];
    return name !== undefined && isSecretPlace(leaf) ? [name] : [];
  });
  return new Set([...declared, ...used]);
}

function isSecretPlace(leaf: Leaf): boolean {
  return (
    namesSecret(leaf.key) && !leaf.pointer.startsWith('/variable/') && !leaf.pointer.startsWith('/output/')
  );
}

function missing(stack: Synthesized): readonly Problem[] {
  const needed = { [CLUSTER]: 'administrator_login_password', [ROLE]: 'password' };
  return stack.resources.flatMap((block) => {
    const argument = (needed as Record<string, string>)[block.type];
    if (argument === undefined || argument in block.body) return [];
    // A restored cluster or a replica brings the password of its source.
    if ('source_resource_id' in block.body) return [];
    return [problemAt(block, argument, `${argument} is not set: reference a sensitive variable`)];
  });
}

function judgeLeaf(stack: Synthesized, leaf: Leaf, secrets: ReadonlySet<string>): readonly Problem[] {
  if (typeof leaf.value !== 'string' || leaf.pointer.startsWith('/variable/')) return [];
  const text = leaf.value;
  const problem = (check: string, message: string): readonly Problem[] => [
    {
      constructPath: constructPathAt(stack, leaf.pointer),
      pointer: leaf.pointer,
      check: checkAt(check, stack, leaf.pointer),
      message,
    },
  ];
  if (isSecretPlace(leaf)) {
    if (ONE_VARIABLE.test(text)) return [];
    return problem(
      isUnresolved(text) ? 'composed' : 'literal',
      isUnresolved(text)
        ? `${leaf.key} is ${text}, not one variable: a secret that Terraform composes or reads is stored by it. Reference a sensitive variable`
        : `${leaf.key} is written out (not repeated here): whoever reads the file has it. Reference a sensitive variable, and change this secret`,
    );
  }
  if (CREDENTIALS_IN_URL.test(text)) {
    return problem(
      'url',
      `${leaf.key} holds a URL with a password (not repeated here): leave it out, and let the client bring its own`,
    );
  }
  // Word boundaries: var.admin_password is not var.admin_password_hint.
  // A check reads the secret and keeps nothing of it; what it says when it fails may not repeat it.
  if (/\/(pre|post)condition\/\d+\/condition$/.test(leaf.pointer)) return [];
  const leaked = [...secrets].find((name) => new RegExp(`\\bvar\\.${name}(?![\\w-])`).test(text));
  if (leaked === undefined) return [];
  return problem(
    'repeated',
    `${leaf.key} repeats var.${leaked}: a secret is referenced by the argument that needs it and by nothing else, so remove it here`,
  );
}

function judgeVariable(stack: Synthesized, name: string): readonly Problem[] {
  const body = section(stack, 'variable')[name];
  const at = pointer('variable', name);
  const problem = (check: string, where: string, message: string): Problem => ({
    constructPath: stack.environment,
    pointer: where,
    check: `${check}:${name}`,
    message,
  });
  if (!isObject(body)) {
    return [
      problem(
        'undeclared',
        pointer('variable'),
        `the variable ${name} holds a secret and is not declared: declare it as sensitive`,
      ),
    ];
  }
  const problems: Problem[] = [];
  if (body['sensitive'] !== true) {
    problems.push(
      problem(
        'not-sensitive',
        at,
        `the variable ${name} holds a secret and is not sensitive: plans would print it. Set sensitive to true`,
      ),
    );
  }
  if (body['default'] !== undefined && body['default'] !== null) {
    problems.push(
      problem(
        'default',
        at + pointer('default'),
        `the variable ${name} holds a secret and has a default (not repeated here): remove it, the value comes from TF_VAR_${name} or a vault`,
      ),
    );
  }
  return problems;
}
