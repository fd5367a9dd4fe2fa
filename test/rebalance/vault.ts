import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import type { RebalanceInput } from '../../scripts/rebalance/commands';
import type { TestDatabase } from '../support/citus';
import { session } from '../tables/support/sensors';

export const ROWS = 5000;
const GATE = '4242';
export const WINDOW = 'forced-policy-window:vault_r';

/** Six shards of a table of tenants, whose owner sees the rows of none. */
export async function createVault(client: Client): Promise<void> {
  await client.query(`
    CREATE TABLE vault_r (org_id int NOT NULL, item_id int NOT NULL, v text, PRIMARY KEY (org_id, item_id));
    SELECT create_distributed_table('vault_r', 'org_id', shard_count := 6, colocate_with := 'none');
    INSERT INTO vault_r SELECT i % 50, i, 'x' FROM generate_series(1, ${String(ROWS)}) i`);
  await force(client, 'vault_r');
}

/** One statement at a time: Citus does not take a CREATE POLICY among others. */
export async function force(client: Client, table: string): Promise<void> {
  await client.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await client.query(
    `CREATE POLICY own_org ON ${table} USING (org_id = coalesce(nullif(current_setting('app.org', true), '')::int, -1))`,
  );
}

/** What tests ask of a database whose policies bind everybody but the superuser. */
export class Vault {
  readonly database: TestDatabase;

  constructor(database: TestDatabase) {
    this.database = database;
  }

  as<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return withClient(this.database.target, work);
  }

  platform<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return withClient(this.database.platform, work);
  }

  input(mode: RebalanceInput['mode'], allow: readonly string[] = []): RebalanceInput {
    return {
      target: this.database.target,
      strategy: 'by_shard_count',
      mode,
      allow: allow.map((id) => ({ id })),
    };
  }

  rows(table: string): Promise<number | undefined> {
    return this.platform(async (client) => {
      const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
      return rows[0]?.n;
    });
  }

  /** Whether FORCE is on: of the table, then of all of its shards where they agree. */
  forced(table: string): Promise<boolean[]> {
    return this.platform(async (client) => {
      const own = await client.query<{ on: boolean }>(
        'SELECT relforcerowsecurity AS on FROM pg_class WHERE oid = $1::regclass',
        [table],
      );
      const shards = await client.query<{ result: string }>(
        "SELECT result FROM run_command_on_shards($1::regclass, $$ SELECT relforcerowsecurity FROM pg_class WHERE oid = '%s'::regclass $$)",
        [table],
      );
      return [own.rows[0]?.on === true, ...new Set(shards.rows.map(({ result }) => result === 't'))];
    });
  }

  async workers(): Promise<ConnectionTarget[]> {
    const { rows } = await this.platform((client) =>
      client.query<{ nodeport: number }>(
        'SELECT nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY groupid',
      ),
    );
    return rows.map(({ nodeport }) => ({ ...this.database.platform, port: nodeport }));
  }

  /** Has the workers run something, as the superuser, whenever a DDL command of this tag has ended there. */
  async onWorkersAfter(tag: string, body: string): Promise<void> {
    for (const worker of await this.workers()) {
      await withClient(worker, async (client) => {
        await client.query('SET citus.enable_ddl_propagation TO off');
        await client.query(
          `CREATE FUNCTION spoil() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $spoil$ ${body} $spoil$`,
        );
        await client.query(
          `CREATE EVENT TRIGGER spoil ON ddl_command_end WHEN TAG IN ('${tag}') EXECUTE FUNCTION spoil()`,
        );
      });
    }
  }

  /** Has the workers wait there, while the work lasts. */
  async whileWorkersWaitAfter<T>(tag: string, work: () => Promise<T>): Promise<T> {
    const holders = await Promise.all((await this.workers()).map(session));
    try {
      for (const holder of holders) await holder.query(`SELECT pg_advisory_lock(${GATE})`);
      await this.onWorkersAfter(
        tag,
        `BEGIN PERFORM pg_advisory_lock(${GATE}); PERFORM pg_advisory_unlock(${GATE}); END`,
      );
      return await work();
    } finally {
      await Promise.all(holders.map((holder) => holder.end()));
    }
  }

  async leaveWorkersAlone(): Promise<void> {
    for (const worker of await this.workers()) {
      await withClient(worker, async (client) => {
        await client.query('SET citus.enable_ddl_propagation TO off');
        await client.query('DROP EVENT TRIGGER IF EXISTS spoil; DROP FUNCTION IF EXISTS spoil()');
      });
    }
  }

  /** Waits until FORCE is off, which is when a window is open. */
  async windowOpens(): Promise<void> {
    await until(async () => !(await this.forced('vault_r')).includes(true));
  }

  /** Waits until a move stands where workers wait ({@link whileWorkersWaitAfter}). */
  async moveWaits(): Promise<void> {
    const workers = await this.workers();
    const isWaiting = (worker: ConnectionTarget): Promise<boolean> =>
      withClient(worker, async (client) => {
        const { rowCount } = await client.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted",
          [GATE],
        );
        return rowCount !== 0;
      });
    await until(async () => (await Promise.all(workers.map(isWaiting))).includes(true));
  }
}

export async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await happened()) return;
    await sleep(50);
  }
  throw new Error('it did not happen within 20 s');
}
