import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import type { Client } from 'pg';
import type { TableName } from '../../config/workload/distribution-types';
import { withClient } from '../../scripts/lib/connection';
import { fingerprintTables } from '../../scripts/database/observe/fingerprint';
import type { FaultyCluster } from './faulty-cluster';
import { lines, looksAt } from './looks';
import {
  CATALOG,
  FORCED,
  LEFTOVERS,
  LIFTED_IS_THERE,
  METADATA,
  REFERENCE_COPIES,
  RELATIONS,
  SEQUENCES,
  SHARDS,
} from './snapshot.sql';

/** A database and what is to become of it. */
export interface Story {
  readonly name: string;
  /** The specification, as YAML. */
  readonly specification: string;
  /** Those that gather what {@link embellish} gives them. */
  readonly tables: readonly TableName[];
  /** Makes the tables and their rows in an empty database, as they are before the run. */
  prepare(client: Client, rows: number): Promise<void>;
  /** The lines of the catalog that the specification itself changes. */
  readonly changes: RegExp;
}

/** A story's database that is distributed again and again, and what must be true of it each time. */
export interface Subject {
  readonly name: string;
  /** The specification's file. */
  readonly spec: string;
  /** Empties the database and fills it again. */
  reset(): Promise<void>;
  /** Rows and checksum of every table there is, also of what policies hide, one line each. */
  readonly rows: () => Promise<readonly string[]>;
  /** The same of the views that hold or answer something. */
  readonly views: () => Promise<readonly string[]>;
  /** Columns whose sequence is behind their ids: it would give one twice. */
  idsBehind(): Promise<readonly string[]>;
  /** The tables that have FORCE ROW LEVEL SECURITY, and those that the project's record says have to get it back. */
  forced(): Promise<{ readonly on: readonly string[]; readonly recorded: readonly string[] }>;
  /** One line for everything the catalogs say of the tables, on the coordinator. */
  readonly catalog: () => Promise<readonly string[]>;
  /** What the nodes have of it: tables on the workers, and every shard with its rows' copies, keys and indexes. */
  readonly nodes: () => Promise<readonly string[]>;
  /** What is left on any node that nobody needs, and what the nodes do not agree on. */
  leftovers(): Promise<readonly string[]>;
  /** Whether the specification changes a line of the catalog itself. */
  changes(line: string): boolean;
  dispose(): void;
}

/** How long Citus has to remove what an operation that broke off left behind. */
const CLEANED_UP_MS = 60_000;

/** @param rows of the story's largest table */
export function subjectOf(cluster: FaultyCluster, story: Story, rows: number): Subject {
  const directory = mkdtempSync(join(tmpdir(), 'scaleout-faults-'));
  const spec = join(directory, 'distribution.yaml');
  writeFileSync(spec, story.specification);
  const { target } = cluster;
  const { onNode, onCoordinator } = looksAt(cluster);
  const leftOnNodes = async (): Promise<string[]> => {
    const found: string[] = [];
    const known: string[] = [];
    for (const name of cluster.names) {
      await onNode(name, async (client) => {
        found.push(
          ...(await client.query<{ what: string }>(LEFTOVERS)).rows.map(({ what }) => `${what} on ${name}`),
        );
        known.push((await client.query<{ known: string }>(METADATA)).rows[0]?.known ?? '');
        if (known.at(-1) !== known[0]) found.push(`metadata on ${name} that differs from the coordinator's`);
      });
    }
    return found;
  };
  return {
    name: story.name,
    spec,
    async reset() {
      await withClient(target, async (client) => {
        await client.query('SET client_min_messages TO error');
        await client.query(EMPTY);
        await story.prepare(client, rows);
        await embellish(client, story.tables);
      });
    },
    rows: () => onCoordinator((client) => fingerprints(client, false)),
    views: () => onCoordinator((client) => fingerprints(client, true)),
    idsBehind: () =>
      onCoordinator(async (client) => {
        const behind: string[] = [];
        for (const { name, increment, table, column } of await sequences(client)) {
          if (table === null || column === null || increment < 0) continue;
          const { rows: ids } = await client.query<{ id: string }>(
            `SELECT max(${column})::text AS id FROM ${table}
             HAVING max(${column}) > (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM ${name})`,
          );
          behind.push(...ids.map(({ id }) => `behind: sequence ${name}, of which ${table} holds ${id}`));
        }
        return behind;
      }),
    forced: () =>
      onCoordinator(async (client) => {
        const { rows: known } = await client.query<{ there: boolean }>(LIFTED_IS_THERE);
        const { rows: found } = await client.query<{ on: string[]; recorded: string[] }>(
          FORCED(known[0]?.there === true),
        );
        return found[0] ?? { on: [], recorded: [] };
      }),
    catalog: () =>
      onCoordinator(async (client) => {
        const found = await lines(client, CATALOG);
        for (const { name, increment } of await sequences(client)) {
          const at = await lines(
            client,
            `SELECT concat_ws(' ', CASE WHEN is_called THEN 'after' ELSE 'from' END, last_value) AS line FROM ${name}`,
          );
          found.push(`next of ${name} by ${String(increment)} = ${at.join()}`);
        }
        return found;
      }),
    async nodes() {
      const found: string[] = [];
      const shards = new Map<string, number>();
      for (const name of cluster.names) {
        await onNode(name, async (client) => {
          if (name !== cluster.names[0])
            found.push(...(await lines(client, CATALOG)).map((line) => `${name}: ${line}`));
          const { rows: kept } = await client.query<{ line: string; count: number }>(SHARDS);
          for (const { line, count } of kept) shards.set(line, (shards.get(line) ?? 0) + count);
          const { rows: copies } = await client.query<{ name: string; shard: string }>(REFERENCE_COPIES);
          for (const { name: table, shard } of copies) {
            const { rows: held } = await client.query<{ line: string }>(
              `SELECT format('%s rows, %s', count(*), sum(hashtextextended(t::text, 0))) AS line FROM ${shard} t`,
            );
            found.push(`copy of ${table} on ${name} = ${held[0]?.line ?? ''}`);
          }
        });
      }
      return [...found, ...[...shards].map(([line, count]) => `${String(count)} x ${line}`)];
    },
    async leftovers() {
      const deadline = Date.now() + CLEANED_UP_MS;
      for (;;) {
        // What Citus's daemon does once a minute: a node that has just come back may refuse the first time.
        await onCoordinator(async (client) => {
          await client.query('SELECT recover_prepared_transactions()');
          await client.query('CALL citus_cleanup_orphaned_resources()');
        });
        const found = await leftOnNodes();
        if (found.length === 0 || Date.now() > deadline) return found;
        await sleep(1000);
      }
    },
    changes: (line) => story.changes.test(line),
    dispose() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Sequence {
  readonly name: string;
  readonly increment: number;
  readonly table: string | null;
  readonly column: string | null;
}

async function sequences(client: Client): Promise<readonly Sequence[]> {
  return (await client.query<Sequence>(SEQUENCES)).rows;
}

/** One line for every relation that is a view, or is none. */
async function fingerprints(client: Client, views: boolean): Promise<string[]> {
  const { rows } = await client.query<TableName & { isView: boolean }>(RELATIONS);
  const wanted = rows.filter(({ isView }) => isView === views).map(({ schema, name }) => ({ schema, name }));
  return (await fingerprintTables(client, wanted)).map(
    ({ table, rows: count, checksum }) =>
      `${views ? 'view ' : ''}${table.schema}.${table.name}: ${String(count)} rows, ${checksum}`,
  );
}

/** Drops everything of the users', whatever a run left of it. */
export const EMPTY = `DO $$
DECLARE names text;
BEGIN
  DROP SCHEMA IF EXISTS scaleout CASCADE;
  SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') INTO names
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^(pg_|information_schema$|citus|columnar)' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND NOT relation_is_a_known_shard(c.oid) AND c.relname !~ '_[0-9]{6,}$'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
  IF names IS NOT NULL THEN EXECUTE 'DROP TABLE ' || names || ' CASCADE'; END IF;
  FOR names IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|citus|columnar|public$)' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', names);
  END LOOP;
END $$`;

/** What a schema gathers in its life and a copy may lose: comments, checks, grants, settings, statistics. */
async function embellish(client: Client, tables: readonly TableName[]): Promise<void> {
  for (const { schema, name } of tables) {
    const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
    const { rows } = await client.query<{ sql: string }>(
      `WITH t AS (SELECT $1::regclass AS oid, $2::text AS name),
            c AS (SELECT a.attname FROM pg_attribute a, t WHERE a.attrelid = t.oid AND a.attnum = 1)
       SELECT format('COMMENT ON TABLE %s IS %L', t.oid, 'what ' || name || ' is for') AS sql FROM t
       UNION ALL SELECT format('GRANT SELECT ON %s TO PUBLIC', t.oid) FROM t
       UNION ALL SELECT format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL)', t.oid, name || '_is_whole', attname) FROM t, c
       UNION ALL SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', name || '_is_whole', t.oid, 'why it is whole') FROM t
       UNION ALL SELECT format('COMMENT ON COLUMN %s.%I IS %L', t.oid, attname, 'tells rows apart') FROM t, c
       UNION ALL SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', con.conname, t.oid, 'why ' || con.conname)
         FROM pg_constraint con JOIN t ON con.conrelid = t.oid
       UNION ALL SELECT format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, 'what it is fast for')
         FROM pg_index i JOIN t ON i.indrelid = t.oid WHERE NOT i.indisprimary
       UNION ALL SELECT format('ALTER TABLE %s SET (fillfactor = 90, autovacuum_enabled = true)', t.oid)
         FROM t JOIN pg_class USING (oid) WHERE relkind = 'r'`,
      [table, name],
    );
    for (const { sql } of rows) await client.query(sql);
  }
}
