import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { z } from 'zod';
import { refused } from '../lib/errors';
import { askAllNodes, nodeName, readNodes } from './nodes';
import { readRows } from './rows';

/** What each node has of some roles. */
export interface RolesOnNode {
  /** `name:port`. */
  readonly node: string;
  /** The roles that exist there. */
  readonly roles: readonly { readonly name: string; readonly mayLogIn: boolean }[];
}

const rolesThere = z.array(z.object({ name: z.string(), mayLogIn: z.boolean() }));

/**
 * Asks every node for these roles.
 *
 * @throws ScaleoutError (refused) naming the nodes that do not answer
 */
export async function readRolesOnNodes(client: Client, names: readonly string[]): Promise<RolesOnNode[]> {
  const nodes = await readNodes(client);
  const answers = await askAllNodes(
    client,
    rolesThere,
    `SELECT coalesce(json_agg(json_build_object('name', rolname, 'mayLogIn', rolcanlogin) ORDER BY rolname), '[]')
       FROM pg_roles WHERE rolname IN (SELECT json_array_elements_text(${escapeLiteral(JSON.stringify(names))}::json))`,
  );
  const silent = nodes.filter(({ nodeId }) => !answers.some((each) => each.nodeId === nodeId));
  if (silent.length > 0) {
    throw refused(
      'cluster.nodes-unreachable',
      `${silent.map(nodeName).join(', ')} ${silent.length === 1 ? 'does' : 'do'} not answer the coordinator, and a role has to be on every node: wait until the cluster is whole, and run this again; nothing was changed`,
    );
  }
  return nodes.flatMap((node) =>
    answers
      .filter(({ nodeId }) => nodeId === node.nodeId)
      .map(({ answer }) => ({ node: nodeName(node), roles: answer })),
  );
}

/** Those of the roles that Citus carries: to nodes that join, and with each ALTER ROLE. */
export async function readCarriedRoles(client: Client, names: readonly string[]): Promise<string[]> {
  const rows = await readRows(
    client,
    z.object({ name: z.string() }),
    `SELECT r.rolname::text AS name
       FROM pg_dist_object o JOIN pg_roles r ON r.oid = o.objid
      WHERE o.classid = 'pg_authid'::regclass AND r.rolname = ANY ($1::text[])`,
    [names],
  );
  return rows.map(({ name }) => name);
}

/**
 * Makes a login on each node that lacks it, and gives it this password on the others. For a role that Citus does not carry: of one
 * that it does, a statement on the coordinator is enough.
 *
 * @param verifier of the password, never the password
 * @throws Error in the words of a node that refuses
 */
export async function setRoleOnEachNode(client: Client, name: string, verifier: string): Promise<void> {
  const role = escapeIdentifier(name);
  // A session on a node would carry the statement to the others, each of which does the same at the same moment.
  const statement = `
DO $each$ BEGIN
  PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(name)}) THEN
    ALTER ROLE ${role} LOGIN PASSWORD ${escapeLiteral(verifier)};
  ELSE
    CREATE ROLE ${role} LOGIN PASSWORD ${escapeLiteral(verifier)};
  END IF;
END $each$`;
  const rows = await readRows(
    client,
    z.object({ node: z.number(), success: z.boolean(), result: z.string() }),
    'SELECT nodeid AS node, success, result FROM run_command_on_all_nodes($1)',
    [statement],
  );
  const nodes = await readNodes(client);
  const failed = rows.flatMap(({ node, success, result }) => {
    const at = nodes.find(({ nodeId }) => nodeId === node);
    return success ? [] : [`${at === undefined ? String(node) : nodeName(at)}: ${result}`];
  });
  if (failed.length > 0) throw new Error(failed.join('; '));
}
