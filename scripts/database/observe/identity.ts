import type { Client } from 'pg';
import { z } from 'zod';
import { nodeName, readNodes, readServerId } from '../../citus/nodes';
import type { Node } from '../../citus/nodes';
import { sqlStateOf } from '../../lib/errors';

/** Which database of which cluster. */
export interface DatabaseIdentity {
  readonly name: string;
  /** What Citus gave the database when the extension was created; a restored backup keeps it. */
  readonly id: string;
  /** What `initdb` gave the coordinator's files; a standby and a restored backup keep it. Absent where the role may not read it. */
  readonly systemIdentifier?: string;
  /** Primaries, by group; the coordinator is group 0. */
  readonly nodes: readonly Pick<Node, 'groupId' | 'name' | 'port'>[];
}

/** As deep as it is compared. */
export const identitySchema = z.looseObject({
  name: z.string(),
  id: z.string(),
  systemIdentifier: z.string().exactOptional(),
});

const SYSTEM_IDENTIFIER = 'SELECT system_identifier::text AS identifier FROM pg_control_system()';

/** @param client outside of a transaction */
export async function databaseIdentity(client: Client): Promise<DatabaseIdentity> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database()::text AS name');
  const id = await readServerId(client);
  const nodes = (await readNodes(client)).map((node) => ({
    groupId: node.groupId,
    name: node.name,
    port: node.port,
  }));
  const systemIdentifier = await readSystemIdentifier(client);
  return {
    name: rows[0]?.name ?? '',
    id,
    ...(systemIdentifier === undefined ? {} : { systemIdentifier }),
    nodes,
  };
}

/** Everybody may read it, unless somebody took the right away. */
async function readSystemIdentifier(client: Client): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ identifier: string }>(SYSTEM_IDENTIFIER);
    return rows[0]?.identifier;
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return undefined;
  }
}

/** A backup that is restored beside the original is the same database here: see {@link isSameCluster}. Pure. */
export function isSameDatabase(a: DatabaseIdentity, b: DatabaseIdentity): boolean {
  return (
    a.name === b.name &&
    a.id === b.id &&
    (a.systemIdentifier === undefined ||
      b.systemIdentifier === undefined ||
      a.systemIdentifier === b.systemIdentifier)
  );
}

/**
 * The same database on nodes of which one at least is the same: nodes come and go as a cluster is scaled, and a restored backup has
 * other nodes altogether. Pure.
 */
export function isSameCluster(a: DatabaseIdentity, b: DatabaseIdentity): boolean {
  if (!isSameDatabase(a, b)) return false;
  const [then, now] = [namedNodes(a), namedNodes(b)];
  return then.length === 0 || now.length === 0 || then.some((name) => now.includes(name));
}

/** A single node that was never named is registered under a name that every machine has. */
function namedNodes({ nodes }: DatabaseIdentity): string[] {
  return nodes.map(({ name }) => name).filter((name) => name !== 'localhost');
}

/** `"citus" (server_id aa06, system identifier 7423, on c.example.com and w0.example.com)` */
export function describeDatabase({ name, id, systemIdentifier, nodes }: DatabaseIdentity): string {
  const parts = [
    id === '' ? 'without an identity of Citus' : id,
    ...(systemIdentifier === undefined ? [] : [`system identifier ${systemIdentifier}`]),
    ...(nodes.length === 0 ? [] : [`nodes ${nodes.map(nodeName).join(' ')}`]),
  ];
  return `"${name}" (${parts.join(', ')})`;
}
