import { KEY_VAULT, ROLE_ASSIGNMENT } from '../stack/azurerm';
import { refersTo } from '../stack/references';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import type { Block, Json, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

/** Roles over the secrets of a vault, which give no right over the vault itself. The ids are the same in every tenant. */
const SECRET_ROLES: Readonly<Record<string, string>> = {
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Key Vault Secrets Officer',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
};

/** Deploying gives rights away as well: few, and where they can do little. */
export const roleAssignments: Rule = {
  id: 'role-assignments',
  level: 'error',
  property: 'A stack gives nobody more than the reading or writing of secrets, and of its own vault alone.',
  why: 'Deploying would hand out rights over what is not its own.',
  remedy: 'Assign the role by hand, where somebody answers for it.',
  controls: ['MCSB PA-7'],
  check(stack) {
    return verdictOn(stack, ROLE_ASSIGNMENT, 'the stack assigns no role', (assignments) =>
      assignments.flatMap((each) => [...scope(stack, each), ...role(each)]),
    );
  },
};

function scope(stack: Synthesized, assignment: Block): readonly Problem[] {
  const given = assignment.body['scope'];
  if (resourcesOf(stack, KEY_VAULT).some((vault) => refersTo(given, vault))) return [];
  return [
    problemAt(
      assignment,
      'scope',
      `scope is ${shown(given)}, which is no key vault of this stack: whoever deploys would hand out rights over what is not its own. Assign the role by hand, where somebody answers for it`,
    ),
  ];
}

function role(assignment: Block): readonly Problem[] {
  const { role_definition_id: id, role_definition_name: name } = assignment.body;
  const known =
    typeof id === 'string'
      ? (id.split('/').at(-1)?.toLowerCase() ?? '') in SECRET_ROLES
      : typeof name === 'string' && Object.values(SECRET_ROLES).includes(name);
  if (known) return [];
  const argument = id === undefined ? 'role_definition_name' : 'role_definition_id';
  return [
    problemAt(
      assignment,
      argument,
      `${argument} is ${shown(id ?? name)}: the roles that may be assigned are ${Object.values(SECRET_ROLES).join(' and ')}`,
      { check: 'role' },
    ),
  ];
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
