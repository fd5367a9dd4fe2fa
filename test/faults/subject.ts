import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Distribution, TableName } from '../../config/distribution-types';
import { loadWorkload } from '../../config/workload';
import { withClient } from '../../scripts/lib/connection';
import { loadData } from '../../scripts/local/load';
import { generateData } from '../../scripts/local/workloads';
import { fingerprintTables } from '../../scripts/tables/fingerprint';
import type { FaultyCluster } from './faulty-cluster';
import { CATALOG, LEFTOVERS } from './snapshot.sql';

/** Few, so that a trial takes seconds; the machinery is that of many. */
const SHARDS = 6;

/** A workload's database that is distributed again and again, and what must be true of it each time. */
export interface Subject {
  readonly workload: string;
  /** The specification's file. */
  readonly spec: string;
  /** Empties the database and fills it again, on one node. */
  reset(): Promise<void>;
  /** Rows and checksum of every table, one line each. */
  rows(): Promise<readonly string[]>;
  /** One line for everything the catalogs say of the tables. */
  catalog(): Promise<readonly string[]>;
  /** What is left on any node that nobody needs. */
  leftovers(): Promise<readonly string[]>;
  dispose(): void;
}

/** @param rows of the workload's largest table */
export function subjectOf(cluster: FaultyCluster, workload: string, rows: number): Subject {
  const { schemaSql, distribution } = loadWorkload(workload);
  const directory = mkdtempSync(join(tmpdir(), 'scaleout-faults-'));
  const spec = join(directory, 'distribution.yaml');
  writeFileSync(spec, specification({ ...distribution, shardCount: SHARDS }));
  const tables = distribution.tables.map(({ table }) => table);
  const { target } = cluster;
  return {
    workload,
    spec,
    async reset() {
      await withClient(target, async (client) => {
        await client.query('SET client_min_messages TO error');
        await client.query('DROP SCHEMA IF EXISTS scaleout CASCADE');
        const { rows: there } = await client.query<{ names: string | null }>(
          `SELECT string_agg(format('public.%I', relname), ', ') AS names FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relation_is_a_known_shard(oid) AND relname !~ '_[0-9]{6,}$'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = pg_class.oid AND d.deptype = 'e')`,
        );
        if (there[0]?.names != null) await client.query(`DROP TABLE ${there[0].names} CASCADE`);
        await client.query(schemaSql);
        await loadData(client, generateData(workload, rows), {
          onTable: () => ({ update: () => undefined, finish: () => undefined }),
        });
        await client.query(embellish(tables));
      });
    },
    rows: () =>
      withClient(target, async (client) =>
        (await fingerprintTables(client, tables)).map(
          ({ table, rows: count, checksum }) => `${table.name}: ${String(count)} rows, ${checksum}`,
        ),
      ),
    catalog: () =>
      withClient(target, async (client) =>
        (await client.query<{ line: string }>(CATALOG)).rows.map(({ line }) => line),
      ),
    async leftovers() {
      const found: string[] = [];
      for (const name of cluster.names) {
        await withClient(cluster.platform(name), async (client) => {
          if (name === cluster.names[0]) {
            await client.query('SELECT recover_prepared_transactions()');
            await client.query('CALL citus_cleanup_orphaned_resources()');
          }
        });
      }
      for (const name of cluster.names) {
        await withClient(cluster.platform(name), async (client) => {
          const { rows: left } = await client.query<{ what: string }>(LEFTOVERS);
          found.push(...left.map(({ what }) => `${what} on ${name}`));
        });
      }
      return found;
    },
    dispose() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function specification({ shardCount, online, tables }: Distribution): string {
  return stringify({
    shardCount,
    online,
    tables: Object.fromEntries(
      tables.map((table) => [
        table.table.name,
        table.kind === 'distributed'
          ? {
              distributeBy: table.distributeBy,
              ...(table.colocateWith === undefined ? {} : { colocateWith: table.colocateWith.name }),
              ...(table.primaryKey === undefined ? {} : { primaryKey: table.primaryKey }),
            }
          : { [table.kind]: true },
      ]),
    ),
  });
}

/** What a schema gathers in its life and a copy may lose: comments, checks, grants, statistics, a covering index. */
function embellish(tables: readonly TableName[]): string {
  return `DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT c.oid::regclass AS relation, c.relname FROM pg_class c
            WHERE c.relname IN (${tables.map(({ name }) => `'${name}'`).join(', ')}) AND c.relkind = 'r' LOOP
    EXECUTE format('COMMENT ON TABLE %s IS %L', r.relation, 'what ' || r.relname || ' is for');
    EXECUTE format('GRANT SELECT ON %s TO PUBLIC', r.relation);
  END LOOP;
  FOR r IN SELECT a.attrelid::regclass AS relation, a.attname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relname IN (${tables.map(({ name }) => `'${name}'`).join(', ')}) AND a.attnum = 1 LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', r.relation, r.attname, 'tells rows apart');
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL)', r.relation, r.relname || '_is_whole', r.attname);
  END LOOP;
  FOR r IN SELECT con.conrelid::regclass AS relation, con.conname, con.contype FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
            WHERE c.relname IN (${tables.map(({ name }) => `'${name}'`).join(', ')}) LOOP
    EXECUTE format('COMMENT ON CONSTRAINT %I ON %s IS %L', r.conname, r.relation, 'why ' || r.conname);
  END LOOP;
  FOR r IN SELECT i.indexrelid::regclass AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            WHERE c.relname IN (${tables.map(({ name }) => `'${name}'`).join(', ')}) AND NOT i.indisprimary LOOP
    EXECUTE format('COMMENT ON INDEX %s IS %L', r.index, 'what it is fast for');
  END LOOP;
END $$`;
}
