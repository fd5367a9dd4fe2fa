import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import type { TableName } from '../../config/workload/distribution-types';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import { findNative } from '../../scripts/local/engines/native';
import { showTable } from '../../scripts/database/model/names';
import { LOGIN } from '../../scripts/local/engines/platform';
import { testEnvironment } from '../support/environment';
import { dumpSections } from './dump';
import { quote, READER } from './feature';
import { sqlName } from './names';

const run = promisify(execFile);

/** Everything that has to be the same afterwards, by what it is of. */
export type Snapshot = ReadonlyMap<string, string>;

/**
 * What a superuser sees of a database with programs and queries of PostgreSQL alone, and none of this project's.
 *
 * @param platform a superuser's login, which no policy hides rows from
 */
export async function takeSnapshot(platform: ConnectionTarget): Promise<Snapshot> {
  const dump = await dumpSchema(platform);
  return withClient(platform, async (client) => {
    await client.query("SET search_path TO ''; SET row_security TO on");
    const relations = await relationsOf(client);
    const all = relations.map((each) => ({ ...each, columns: [] }));
    const stored = all.filter(({ kind }) => kind !== 'v');
    const facts = [...(await rowsOf(client, stored)), ...(await positionsOf(client))];
    const readable = relations.filter(({ columns }) => columns.length > 0);
    const seen = [...(await readBy(client, LOGIN, all)), ...(await readBy(client, READER, readable))];
    return new Map([...dump, ...facts, ...seen]);
  });
}

async function dumpSchema({ host, port, user, database, password }: ConnectionTarget): Promise<Snapshot> {
  const { installation } = await findNative();
  const { stdout } = await run(
    join(installation.binaries.binDirectory, 'pg_dump'),
    ['--schema-only', '--host', host, '--port', String(port), '--username', user, database],
    { env: testEnvironment({ PGPASSWORD: password, LC_ALL: 'C' }), maxBuffer: 2 ** 28 },
  ).catch((error: unknown) => {
    const { signal, code, stderr } = error as { signal?: string; code?: number; stderr?: string };
    throw new Error(`pg_dump ended with ${signal ?? String(code)}: ${stderr ?? ''}`);
  });
  return dumpSections(stdout);
}

const USERS = `n.nspname !~ '^(pg_|information_schema$|citus|columnar)'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

const RELATIONS = `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind AS kind, c.relispopulated AS filled,
       ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND has_schema_privilege($1, n.oid, 'USAGE') AND has_column_privilege($1, c.oid, a.attnum, 'SELECT')
              ORDER BY a.attnum) AS columns
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm') AND ${USERS}
 ORDER BY 1, 2`;

interface Relation extends TableName {
  readonly kind: 'r' | 'p' | 'v' | 'm';
  /** False of a materialized view without data. */
  readonly filled: boolean;
  /** Those to read, quoted: all where there are none; as they are found, those that {@link READER} may read. */
  readonly columns: readonly string[];
}

async function relationsOf(client: Client): Promise<Relation[]> {
  return (await client.query<Relation>(RELATIONS, [READER])).rows;
}

/** How the subject of a relation's rows begins. */
export const ROWS = 'rows of ';

/** Rows of tables and views; a query that fails is an answer too. */
async function rowsOf(client: Client, relations: readonly Relation[]): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const relation of relations) {
    const answer = relation.filled ? await hashOf(client, relation) : 'not populated';
    found.push([`${ROWS}${showTable(relation)}`, answer]);
  }
  return found;
}

/** What a role sees, with policies and rights in its way. Views answer a superuser with other rights than anybody else. */
async function readBy(
  client: Client,
  role: string,
  relations: readonly Relation[],
): Promise<[string, string][]> {
  await client.query(`SET ROLE ${quote(role)}`);
  const seen = await rowsOf(client, relations);
  await client.query('RESET ROLE');
  return seen.map(([subject, answer]) => [`${subject} as ${role}`, answer]);
}

/** As the server writes values: this project's own reading of them has no say. */
const AS_WRITTEN = { getTypeParser: () => (value: unknown) => value };

async function hashOf(client: Client, { columns, ...relation }: Relation): Promise<string> {
  try {
    const { rows } = await client.query<(string | null)[]>({
      text: `SELECT ${columns.length === 0 ? '*' : columns.join(', ')} FROM ${sqlName(relation)}`,
      rowMode: 'array',
      types: AS_WRITTEN,
    });
    const lines = rows.map((row) => JSON.stringify(row)).sort();
    const hash = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
    return `${String(rows.length)} rows, ${hash}`;
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const SEQUENCES = `
SELECT n.nspname::text AS schema, c.relname::text AS name
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S' AND ${USERS}
 ORDER BY 1, 2`;

async function positionsOf(client: Client): Promise<[string, string][]> {
  const { rows: sequences } = await client.query<{ schema: string; name: string }>(SEQUENCES);
  const found: [string, string][] = [];
  for (const sequence of sequences) {
    const { rows } = await client.query<{ position: string }>(
      `SELECT format('%s, %s', last_value, is_called) AS position FROM ${sqlName(sequence)}`,
    );
    found.push([`position of ${showTable(sequence)}`, rows[0]?.position ?? '']);
  }
  return found;
}

/** What differs, in a line each. */
export function compareSnapshots(before: Snapshot, after: Snapshot): string[] {
  const lost = [...before].flatMap(([subject, was]) => {
    const is = after.get(subject);
    if (is === undefined) return [`lost: ${subject}: ${was}`];
    return is === was ? [] : [`changed: ${subject}: ${linesOnlyIn(was, is)} became ${linesOnlyIn(is, was)}`];
  });
  const added = [...after].filter(([subject]) => !before.has(subject));
  return [...lost, ...added.map(([subject, is]) => `too much: ${subject}: ${is}`)];
}

function linesOnlyIn(one: string, other: string): string {
  const there = new Set(other.split('\n'));
  const own = one.split('\n').filter((line) => !there.has(line));
  return own.length === 0 ? 'nothing' : own.map((line) => line.trim()).join(' ');
}
