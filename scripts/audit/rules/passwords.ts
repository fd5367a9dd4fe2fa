import { CLUSTER, ELASTIC_CLUSTER, KEY_VAULT_SECRET, ROLE } from '../stack/azurerm';
import { CLUSTER_PASSWORD, keepsUnknownPassword } from '../stack/ignored-changes';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, problemIn, verdict } from '../rule-parts/rule';
import { READABLE_SECRET, secretPlace, WRITE_ONLY_SECRET } from '../stack/secret-places';
import { namesSecret, saysThereIsNone, secretIn } from '../stack/secrets';
import type { Block, Leaf, Synthesized } from '../stack/synthesized';
import { isObject, isUnresolved, leaves, pointer, section } from '../stack/synthesized';

const ELASTIC_PASSWORD = 'administrator_password_wo';

/** Where a secret can be passed on and kept nowhere, the argument that would keep it, and the one to take instead. */
const KEPT_BY_STATE: Readonly<Record<string, { readonly readable: string; readonly writeOnly: string }>> = {
  [KEY_VAULT_SECRET]: { readable: READABLE_SECRET, writeOnly: WRITE_ONLY_SECRET },
  [ELASTIC_CLUSTER]: { readable: 'administrator_password', writeOnly: ELASTIC_PASSWORD },
};

/** The resources that need a secret, and the argument they take it in. */
const HOLDERS: Readonly<Record<string, string>> = {
  [CLUSTER]: CLUSTER_PASSWORD,
  [ELASTIC_CLUSTER]: ELASTIC_PASSWORD,
  [ROLE]: 'password',
  [KEY_VAULT_SECRET]: WRITE_ONLY_SECRET,
};
const ONE_VARIABLE = /^\$\{var\.([A-Za-z_][\w-]*)\}$/;

export const passwords: Rule = {
  id: 'passwords',
  level: 'error',
  property:
    'Every secret is a sensitive variable without default, referenced as a whole where it is needed and nowhere else, and written to a vault without being kept.',
  why: 'Whoever reads a file, a plan or a state has the password.',
  remedy: 'Reference a sensitive variable where the secret is needed, and nowhere else.',
  controls: ['MCSB IM-8', 'MCSB DP-8'],
  check(stack) {
    const secrets = secretVariables(stack);
    return verdict([
      ...missing(stack),
      ...readable(stack),
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
    return name !== undefined && secretPlace(leaf) !== undefined ? [name] : [];
  });
  return new Set([...declared, ...used]);
}

function missing(stack: Synthesized): readonly Problem[] {
  return stack.resources.flatMap((block) => {
    const argument = HOLDERS[block.type];
    if (argument === undefined || argument in block.body || isReadable(block)) return [];
    // A restored cluster or a replica brings the password of its source.
    if ('source_resource_id' in block.body) return [];
    // One that was there before keeps its own, which Azure tells nobody.
    if (block.type === CLUSTER && keepsUnknownPassword(block)) return [];
    return [problemAt(block, argument, `${argument} is not set: reference a sensitive variable`)];
  });
}

/** What a vault or a cluster is given as a readable argument, Terraform keeps in its state as well. */
function readable(stack: Synthesized): readonly Problem[] {
  return stack.resources.flatMap((block) => {
    const secret = KEPT_BY_STATE[block.type];
    if (secret === undefined || !isReadable(block)) return [];
    const { readable: argument, writeOnly } = secret;
    return [
      problemAt(
        block,
        argument,
        `${argument} is set, and Terraform's state and plans would hold the secret once more: write it with ${writeOnly} and ${writeOnly}_version`,
        { check: 'not-write-only', value: '(not shown)' },
      ),
    ];
  });
}

function isReadable(block: Block): boolean {
  const argument = KEPT_BY_STATE[block.type]?.readable;
  return argument !== undefined && (block.body[argument] ?? null) !== null;
}

function judgeLeaf(stack: Synthesized, leaf: Leaf, secrets: ReadonlySet<string>): readonly Problem[] {
  const { value } = leaf;
  if (value === null || typeof value === 'boolean') return [];
  const text = String(value);
  const problem = (check: string, message: string): readonly Problem[] => [
    problemIn(stack, leaf.pointer, check, message),
  ];
  const place = secretPlace(leaf);
  // A default of a variable that is named like a secret is said once, of the variable.
  if (place?.kind === 'default' && leaf.pointer.startsWith(`${pointer('variable', place.name)}/`)) return [];
  const isTag = /\/tags\/[^/]+$/.test(leaf.pointer);
  if (place?.kind === 'argument' && isTag && saysThereIsNone(text)) return [];
  if (place !== undefined && !isUnresolved(text)) {
    return problem(
      'literal',
      `${place.name} is written out (not repeated here): whoever reads the file has it. Reference a sensitive variable, and change this secret`,
    );
  }
  if (place?.kind === 'argument') {
    if (ONE_VARIABLE.test(text)) return [];
    return problem(
      'composed',
      `${place.name} is ${text}, not one variable: a secret that Terraform composes or reads is stored by it. Reference a sensitive variable`,
    );
  }
  if (isUnresolved(text) && /\bnonsensitive\s*\(/.test(text)) {
    return problem(
      'nonsensitive',
      `${leaf.key} calls nonsensitive(), which has plans and logs print what Terraform would hide: take the call away, and the secret with it`,
    );
  }
  // A check reads the secret and keeps nothing of it; what it says when it fails may not repeat it.
  if (/\/(pre|post)condition\/(\d+\/)?condition$/.test(leaf.pointer)) return [];
  const leaked = repeated(text, secrets);
  if (leaked !== undefined) {
    return problem(
      'repeated',
      `${leaf.key} repeats ${leaked}: a secret is referenced by the argument that needs it and by nothing else, so remove it here`,
    );
  }
  if (place !== undefined) {
    return problem(
      'copied',
      `${place.name} is ${text}: an output or a local keeps a second copy of a secret, which nothing needs. Remove it`,
    );
  }
  const given = secretIn(text);
  if (given === undefined) return [];
  const what = given === 'url' ? 'a URL with a password' : 'text with a password or a key in it';
  return problem(
    given,
    `${leaf.key} holds ${what} (not repeated here): leave it out, and let the client bring its own`,
  );
}

/** The reference in a text that resolves to a secret, or to a whole resource with one in it. */
function repeated(text: string, secrets: ReadonlySet<string>): string | undefined {
  if (!isUnresolved(text)) return undefined;
  // Word boundaries: var.admin_password is not var.admin_password_hint.
  const variable = [...secrets].find((name) => new RegExp(`\\bvar\\.${name}(?![\\w-])`).test(text));
  if (variable !== undefined) return `var.${variable}`;
  // What follows `var` is told above, and what follows `data` is a type.
  const references = text.matchAll(/(?<!\b(?:var|data))(?:\.|\[\s*["'])\s*([A-Za-z_][\w-]*)/g);
  for (const [, name = ''] of references) if (namesSecret(name)) return name;
  const whole = new RegExp(`\\b(?:${Object.keys(HOLDERS).join('|')})\\.[\\w-]+(?![\\w.[-])`).exec(text)?.[0];
  return whole === undefined ? undefined : `all of ${whole}, its password among it,`;
}

function judgeVariable(stack: Synthesized, name: string): readonly Problem[] {
  const body = section(stack, 'variable')[name];
  const at = pointer('variable', name);
  const problem = (check: string, where: string, message: string): Problem => ({
    constructPath: stack.environment,
    pointer: where,
    check: `${check}:${name}`,
    message: `the variable ${name} holds a secret and ${message}`,
  });
  if (!isObject(body)) {
    return [problem('undeclared', pointer('variable'), 'is not declared: declare it as sensitive')];
  }
  const shown = problem('not-sensitive', at, 'is not sensitive: plans would print it. Set sensitive to true');
  const given = problem(
    'default',
    at + pointer('default'),
    `has a default (not repeated here): remove it, the value comes from TF_VAR_${name} or a vault`,
  );
  return [
    ...(body['sensitive'] === true ? [] : [shown]),
    ...((body['default'] ?? null) === null ? [] : [given]),
  ];
}
