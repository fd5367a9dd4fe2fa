import type { Client } from 'pg';
import { withClient } from '../../scripts/lib/connection';
import { rebalancePlan, rebalanceRun } from '../../scripts/rebalance/commands';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { recordingContext } from './fixtures';

const ROWS = 5000;
const POLICY = "USING (org_id = coalesce(nullif(current_setting('app.org', true), '')::int, -1))";
const WINDOW = 'forced-policy-window:vault_r';

/** Six shards of a table of tenants, whose owner sees the rows of none. */
async function createVault(client: Client): Promise<void> {
  await client.query(`
    CREATE TABLE vault_r (org_id int NOT NULL, item_id int NOT NULL, v text, PRIMARY KEY (org_id, item_id));
    SELECT create_distributed_table('vault_r', 'org_id', shard_count := 6);
    INSERT INTO vault_r SELECT i % 50, i, 'x' FROM generate_series(1, ${String(ROWS)}) i`);
  await force(client, 'vault_r');
}

/** One statement at a time: Citus does not take a CREATE POLICY among others. */
async function force(client: Client, table: string): Promise<void> {
  await client.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await client.query(`CREATE POLICY own_org ON ${table} ${POLICY}`);
}

platformSuite('a rebalance of tables whose policies are forced', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  }, 60_000);
  afterEach(async () => database.drop());

  const as = async <T>(work: (client: Client) => Promise<T>): Promise<T> => withClient(database.target, work);
  const platform = async <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    withClient(database.platform, work);
  const input = (mode: string, allow: readonly string[] = []) => ({
    target: database.target,
    strategy: 'by_shard_count',
    mode,
    allow: allow.map((id) => ({ id })),
  });

  /** Counted by the superuser, whom no policy binds. */
  const rows = async (table: string): Promise<unknown> =>
    platform(async (client) => {
      const counted = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
      return counted.rows[0]?.n;
    });
  /** Whether FORCE is on: of the table, then of its shards. */
  const forced = async (table: string): Promise<unknown> =>
    platform(async (client) => {
      const own = await client.query<{ on: boolean }>(
        'SELECT relforcerowsecurity AS on FROM pg_class WHERE oid = $1::regclass',
        [table],
      );
      const shards = await client.query<{ result: string }>(
        "SELECT result FROM run_command_on_shards($1::regclass, $$ SELECT relforcerowsecurity FROM pg_class WHERE oid = '%s'::regclass $$)",
        [table],
      );
      return [own.rows[0]?.on, ...new Set(shards.rows.map(({ result }) => result))];
    });

  test.each(['block_writes', 'auto'])(
    'loses no row in mode %s, and FORCE is on again',
    async (mode) => {
      await as(createVault);
      await database.addWorkers();
      const plan = await rebalancePlan(recordingContext().context, input(mode));
      expect(plan.outcome).toBe('refused');
      expect(plan.document.findings).toEqual([
        {
          id: WINDOW,
          message: expect.stringMatching(/4 windows of about .* at most, .* in all/) as string,
          needs: 'allowance',
        },
      ]);
      expect(plan.text).toMatch(/To allow it, add --allow forced-policy-window:vault_r\.$/);
      await expect(rebalanceRun(recordingContext().context, input(mode))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/nothing was changed:\n- forced-policy-window:vault_r: /) as string,
      });
      expect(await forced('vault_r')).toEqual([true, 't']);

      const allowed = input(mode, [WINDOW]);
      expect((await rebalancePlan(recordingContext().context, allowed)).outcome).toBe('changes');
      const recorded = recordingContext();
      const run = await rebalanceRun(recorded.context, allowed);
      expect(recorded.warnings).toEqual([]);
      expect(run).toMatchObject({
        outcome: 'done',
        document: { job: null, state: 'finished', moves: 4, rows: { groups: 4, same: 4, different: [] } },
      });
      expect(run.text).toMatch(/4 shard groups were compared before and after, row by row: the same\./);
      expect(run.document.after.map(({ shards }) => shards)).toEqual([2, 2, 2]);
      expect(await rows('vault_r')).toBe(ROWS);
      expect(await forced('vault_r')).toEqual([true, 't']);
      const record = await platform((client) => client.query("SELECT to_regnamespace('scaleout') AS oid"));
      expect(record.rows).toEqual([{ oid: null }]);

      const again = await rebalanceRun(recordingContext().context, input(mode));
      expect(again).toMatchObject({ outcome: 'done', document: { state: 'balanced', moves: 0 } });
    },
    120_000,
  );
});
