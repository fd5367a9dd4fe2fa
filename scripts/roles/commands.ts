import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { withCoordinator } from '../citus/coordinator';
import { setRoleOnEachNode } from '../citus/roles';
import type { ConnectionTarget } from '../lib/connection';
import { describeTarget, withAdvisoryLock } from '../lib/connection';
import { explain, refused, ScaleoutError, sqlStateOf } from '../lib/errors';
import type { VerbContext, VerbResult } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import { readPasswords } from './passwords';
import { planRoles } from './plan';
import type { PlannedRole, RolesPlan } from './plan';
import { readSeenRoles } from './read';
import { describeApplied, describePlan, describeRefused, isPending } from './text';
import { scramVerifier } from './verifier';

export interface RolesInput {
  /** As a login that may create roles. */
  readonly target: ConnectionTarget;
  /** Name of the environment whose file names the roles. */
  readonly environment: string;
  readonly roles: readonly string[];
  /** Hold the passwords: TF_VAR_role_NAME_password. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** What `roles apply` answers with. */
export interface RolesApplied {
  readonly formatVersion: 1;
  readonly environment: string;
  readonly database: string;
  readonly nodes: readonly string[];
  /** In the order of the file. */
  readonly roles: readonly Pick<PlannedRole, 'name' | 'action' | 'notes'>[];
  readonly unnamedRoles: readonly string[];
}

/** Says what roles would be made and changed. Logs in as each role that is there, and changes nothing. */
export async function rolesPlan(context: VerbContext, input: RolesInput): Promise<VerbResult<RolesPlan>> {
  const passwords = readPasswords(input.roles, input.variables);
  const { plan } = await withCoordinator(
    input.target,
    { reporter: context.reporter },
    'roles plan',
    (client) => read(client, input, passwords),
  );
  const verdict = describeRefused(plan.roles);
  const outcome = verdict !== undefined ? 'refused' : plan.roles.some(isPending) ? 'changes' : 'done';
  return {
    document: plan,
    text: describePlan(plan),
    ...(verdict === undefined ? {} : { verdict: `\`roles apply\` refuses this: ${verdict}.` }),
    outcome,
  };
}

/**
 * Makes the roles of an environment on every node, and gives them their passwords. A role that logs in already is left as it is, so
 * run twice it does nothing, and broken off anywhere it can be run again.
 *
 * @throws ScaleoutError where a role is a person's to decide about, or a statement fails
 */
export async function rolesApply(context: VerbContext, input: RolesInput): Promise<VerbResult<RolesApplied>> {
  const passwords = readPasswords(input.roles, input.variables);
  const { reporter, signal } = context;
  const { plan, after } = await withCoordinator(input.target, { reporter }, 'roles apply', (client) =>
    withAdvisoryLock(client, 'roles', async () => {
      const { plan: planned, iterations } = await read(client, input, passwords);
      const verdict = describeRefused(planned.roles);
      if (verdict !== undefined) {
        throw refused('roles.refused', `${verdict}; nothing was changed`, {
          details: { roles: planned.roles.filter(({ action }) => action === 'refused') },
        });
      }
      const pending = planned.roles.filter(isPending);
      if (pending.length === 0) return { plan: planned, after: planned };
      for (const line of describePlan(planned).split('\n')) reporter.info(line);
      if (!(await context.confirm(`Apply exactly this to ${describeTarget(input.target)}?`))) {
        throw new ScaleoutError('input.declined', 'answered with no; nothing was changed');
      }
      for (const [done, role] of pending.entries()) {
        stopIfAsked(
          signal,
          `${String(done)} of ${String(pending.length)} roles are done; the same command goes on`,
        );
        await change(client, role, await scramVerifier(passwords.get(role.name) ?? '', iterations));
        reporter.info(
          `role ${role.name} ${role.action === 'create' ? 'was created' : 'has its password'} on every node`,
        );
      }
      return { plan: planned, after: (await read(client, input, passwords)).plan };
    }),
  );
  requireInForce(after);
  const { formatVersion, environment, database, nodes, unnamedRoles } = after;
  const roles = plan.roles.map(({ name, action }) => ({
    name,
    action,
    notes: after.roles.find((each) => each.name === name)?.notes ?? [],
  }));
  return {
    document: { formatVersion, environment, database, nodes, roles, unnamedRoles },
    text: describeApplied(plan, after),
    outcome: 'done',
  };
}

async function read(
  client: Client,
  { environment, target, roles }: RolesInput,
  passwords: ReadonlyMap<string, string>,
): Promise<{ readonly plan: RolesPlan; readonly iterations: number }> {
  const seen = await readSeenRoles(client, target, passwords);
  return {
    plan: planRoles(environment, describeTarget(target), roles, seen),
    iterations: seen.iterations,
  };
}

/** @throws ScaleoutError in the server's words */
async function change(client: Client, { name, action }: PlannedRole, verifier: string): Promise<void> {
  const statement = `${action === 'create' ? 'CREATE' : 'ALTER'} ROLE ${escapeIdentifier(name)} LOGIN PASSWORD ${escapeLiteral(verifier)}`;
  try {
    if (action === 'set-on-nodes') await setRoleOnEachNode(client, name, verifier);
    else await client.query(statement);
  } catch (error) {
    throw new ScaleoutError(
      'roles.step-failed',
      `role ${name} could not be ${action === 'create' ? 'created' : 'changed'}: ${explain(error)} Roles before it are done; fix the cause, then run the same command again`,
      { cause: error, details: { role: name, action, sqlState: sqlStateOf(error) ?? null } },
    );
  }
}

/** @throws ScaleoutError naming the roles that are not as they were made */
function requireInForce({ roles }: RolesPlan): void {
  const not = roles.filter(({ action }) => action !== 'unchanged');
  if (not.length === 0) return;
  throw new ScaleoutError(
    'roles.without-effect',
    `the statements succeeded, and ${not.map(({ name, why }) => `role ${name} ${why}`).join('; ')}: another session changes roles too, or a node does not follow. Run \`roles plan\` to see what is left`,
    { details: { roles: not } },
  );
}
