import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import { z } from 'zod';
import { sqlStateOf } from '../lib/errors';
import { groupBy } from '../lib/group-by';
import { BECOME } from './membership.sql';
import { askAllNodes, nodeName } from './nodes';
import type { Node } from './nodes';
import { REPLICATION_SERVER, replicationServer } from './replication-servers';
import type { ReplicationServer } from './replication-servers';
import { setting, SETTINGS, settingDifferences } from './settings';
import type { SettingDifference } from './settings';

export const hindrance = z.object({
  role: z.string(),
  /**
   * `missing` and `no-member`: this session's role cannot give a relation to the role there. The others: Citus cannot connect there as
   * the role.
   */
  what: z.enum(['missing', 'no-member', 'no-login', 'no-connections', 'no-connect', 'no-session']),
});

/** What stands in the way of Citus on some nodes where it works there in the name of a role. */
export type RoleHindrance = Readonly<z.infer<typeof hindrance>> & {
  /** Names of the nodes where it does. */
  readonly nodes: readonly string[];
};

/**
 * The {@link hindrance}s of roles on a node, as JSON. A role that is missing there is made by Citus, without the membership that it needs in
 * the next moment.
 *
 * @param role whose work Citus does @default - this session's
 */
export function roleHindrances(roles: readonly string[], role?: string): string {
  const acting = role === undefined ? 'current_user' : escapeLiteral(role);
  return `
SELECT coalesce(json_agg(json_build_object('role', role, 'what', what)), '[]')
  FROM json_array_elements_text(${escapeLiteral(JSON.stringify(roles))}::json) AS role
  LEFT JOIN pg_roles r ON r.rolname = role,
       unnest(ARRAY[
         CASE WHEN r.oid IS NULL AND NOT coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = ${acting}), false) THEN 'missing' END,
         CASE WHEN NOT pg_has_role((SELECT oid FROM pg_roles WHERE rolname = ${acting}), r.oid, ${BECOME}) THEN 'no-member' END,
         CASE WHEN NOT r.rolcanlogin THEN 'no-login' END,
         CASE WHEN r.rolconnlimit = 0 AND NOT r.rolsuper THEN 'no-connections' END,
         CASE WHEN NOT has_database_privilege(r.oid, current_database(), 'CONNECT') THEN 'no-connect' END]) AS what
 WHERE what IS NOT NULL`;
}

const sessionsOfNode = z.object({
  settings: z.array(setting),
  hindrances: z.array(hindrance),
  replication: replicationServer,
});

/**
 * How sessions that Citus opens on the nodes begin, what hinders it from opening them in the name of these roles, and what the servers
 * have for logical replication, on nodes that answer. Within a transaction, which it leaves as it was.
 *
 * @param role whose work Citus does: this session's, or the one that a reader plans for
 */
export async function readNodeSessions(
  client: Client,
  nodes: readonly Node[],
  roles: readonly string[],
  role: string,
): Promise<{
  readonly settingDifferences: readonly SettingDifference[];
  readonly roleHindrances: readonly RoleHindrance[];
  readonly replicationServers: readonly ReplicationServer[];
  /** Names of the nodes that did not answer this session. */
  readonly silentNodes: readonly string[];
}> {
  // Every question opens a session on every node, which takes longer than the answer.
  const answers = await askAllNodes(
    client,
    sessionsOfNode,
    `SELECT json_build_object('settings', (${SETTINGS}), 'hindrances', (${roleHindrances(roles, role)}), 'replication', (${REPLICATION_SERVER}))`,
  );
  const known = answers.flatMap(({ nodeId, answer }) =>
    answer.hindrances.map((each) => ({ ...each, nodeId })),
  );
  for (const each of roles) {
    if (each === role || known.some((other) => other.role === each)) continue;
    const without = await nodesWithoutSession(client, each);
    known.push(...without.map((nodeId) => ({ role: each, what: 'no-session' as const, nodeId })));
  }
  const pluginsHidden = await isHidden(client, 'output_plugin_libraries');
  const answered = new Set(answers.map(({ nodeId }) => nodeId));
  return {
    silentNodes: nodes.filter(({ nodeId }) => !answered.has(nodeId)).map(nodeName),
    settingDifferences: settingDifferences(
      nodes,
      answers.map(({ nodeId, answer: { settings } }) => ({ nodeId, settings })),
    ),
    roleHindrances: hindrancesByRole(nodes, known),
    replicationServers: answers.flatMap(({ nodeId, answer }) =>
      nodes
        .filter((node) => node.nodeId === nodeId)
        .map((node) => ({
          ...answer.replication,
          node: nodeName(node),
          groupId: node.groupId,
          shouldHaveShards: node.shouldHaveShards,
          ...(node.groupId === 0 && pluginsHidden ? { pluginsHidden } : {}),
        })),
    ),
  };
}

/** What nodes say, each hindrance once. Pure. */
export function hindrancesByRole(
  nodes: readonly Node[],
  known: readonly (z.infer<typeof hindrance> & { readonly nodeId: number })[],
): RoleHindrance[] {
  return [...groupBy(known, (each) => `${each.what} ${each.role}`).values()].map((same) => ({
    role: same[0].role,
    what: same[0].what,
    nodes: nodes.filter(({ nodeId }) => same.some((each) => each.nodeId === nodeId)).map(nodeName),
  }));
}

/** Whether the server has a setting that this session's role may not see: views leave such a one out. */
async function isHidden(client: Client, setting: string): Promise<boolean> {
  await client.query('SAVEPOINT setting');
  try {
    await client.query('SELECT current_setting($1, true)', [setting]);
    return false;
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return true;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT setting');
  }
}

/** Nodes that let Citus in as this session's role, and not as another one. */
async function nodesWithoutSession(client: Client, role: string): Promise<number[]> {
  const ask = async (): Promise<number[]> =>
    (await askAllNodes(client, z.number(), 'SELECT 1')).map(({ nodeId }) => nodeId);
  const reached = await ask();
  await client.query('SAVEPOINT as_role');
  try {
    await client.query("SELECT set_config('role', $1, true)", [role]);
    const reachedAsRole = await ask();
    return reached.filter((nodeId) => !reachedAsRole.includes(nodeId));
  } catch (error) {
    // A role that this session may not become is told by nodes that answer.
    if (sqlStateOf(error) !== '42501') throw error;
    return [];
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT as_role');
  }
}
