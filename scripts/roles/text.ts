import { table } from '../lib/reporter';
import { allOf } from '../../config/text/text';
import type { PlannedRole, RoleAction, RolesPlan } from './plan';

const WORDS: Readonly<Record<RoleAction, string>> = {
  create: 'create',
  'set-password': 'set password',
  'set-on-nodes': 'set on every node',
  unchanged: 'unchanged',
  refused: 'refused',
};

const DONE: typeof WORDS = {
  ...WORDS,
  create: 'created',
  'set-password': 'password set',
  'set-on-nodes': 'set on every node',
};

/** The roles of the file one by one, what to know of them, and those that it does not name. Pure. */
function describeRoles(
  { roles, unnamedRoles }: Pick<RolesPlan, 'roles' | 'unnamedRoles'>,
  words: typeof WORDS = WORDS,
): string {
  const rows = roles.map(({ name, action, why }) => [name, words[action], why]);
  const notes = roles.flatMap(({ name, notes: all }) => all.map((note) => `  ${name}: ${note}`));
  return [
    roles.length === 0 ? 'The environment names no roles.' : table([['role', 'what', 'why'], ...rows]),
    ...(notes.length === 0 ? [] : ['', 'What to know', ...notes]),
    ...(unnamedRoles.length === 0
      ? []
      : [
          '',
          `${allOf(unnamedRoles)} can log in too, and the file does not name ${unnamedRoles.length === 1 ? 'it' : 'them'}: left alone.`,
        ]),
  ].join('\n');
}

/** The same, and how much is to do. Pure. */
export function describePlan(plan: RolesPlan): string {
  const pending = plan.roles.filter(isPending).length;
  const refusedOnes = plan.roles.filter(({ action }) => action === 'refused').length;
  const todo =
    refusedOnes > 0
      ? `Plan: ${countOfRoles(refusedOnes)} to decide about first${pending === 0 ? '' : `, then ${countOfRoles(pending)} to change on ${everyNode(plan)}`}.`
      : pending === 0
        ? 'Plan: nothing to do.'
        : `Plan: ${countOfRoles(pending)} to change on ${everyNode(plan)}. \`roles apply\` does it.`;
  return [describeRoles(plan), '', todo, ...unseenPasswords(plan)].join('\n');
}

/** A session on one node may have given a role another password there, which no login on the coordinator shows. */
function unseenPasswords({ roles, nodes }: RolesPlan): string[] {
  if (nodes.length === 1 || !roles.some(({ action }) => action === 'unchanged')) return [];
  return [
    'The logins were tried at the coordinator: whether another node has the same password cannot be seen from there. A new password in the variable is set on every node.',
  ];
}

/** What was done, and what there is to know now. @param after what a look at the end found. Pure. */
export function describeApplied(plan: RolesPlan, after: RolesPlan): string {
  const changed = plan.roles.filter(isPending).length;
  const summary = changed === 0 ? 'Nothing to do.' : `${countOfRoles(changed)} changed.`;
  const roles = plan.roles.map((role) => ({
    ...role,
    notes: after.roles.find(({ name }) => name === role.name)?.notes ?? [],
  }));
  return [
    describeRoles({ ...after, roles }, DONE),
    '',
    `${summary} Every role of the environment is on ${everyNode(after)} and logs in at the coordinator with the password of its variable.`,
  ].join('\n');
}

function countOfRoles(count: number): string {
  return count === 1 ? '1 role' : `${String(count)} roles`;
}

function everyNode({ nodes }: RolesPlan): string {
  return nodes.length === 1 ? 'the one node' : `all ${String(nodes.length)} nodes`;
}

export function isPending({ action }: PlannedRole): boolean {
  return action !== 'unchanged' && action !== 'refused';
}

/** Roles that a person has to decide about; undefined where there are none. Pure. */
export function describeRefused(roles: readonly PlannedRole[]): string | undefined {
  const refusedOnes = roles.filter(({ action }) => action === 'refused');
  return refusedOnes.length === 0
    ? undefined
    : refusedOnes.map(({ name, why }) => `role ${name} ${why}`).join('; ');
}
