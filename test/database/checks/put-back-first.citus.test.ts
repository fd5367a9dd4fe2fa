import type { Client } from 'pg';
import { putBackFirst, requirePutBack } from '../../../scripts/database/checks/put-back-first';
import { liftForcedPolicies } from '../../../scripts/database/model/forced-policies';
import { withAdvisoryLock, withClient, withTransaction } from '../../../scripts/lib/connection';
import { adviseDistribution } from '../../../scripts/advise/commands';
import { simulate } from '../../../scripts/simulate/commands';
import { recordingContext } from '../../rebalance/fixtures';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';

const VAULT = { schema: 'public', name: 'vault' };
const LEDGER = { schema: 'public', name: 'ledger' };

platformSuite('FORCE that a run which was cut off left off', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 0 });
    await withClient(database.target, async (client) => {
      await client.query(
        'CREATE TABLE vault (id int PRIMARY KEY, v text); CREATE TABLE ledger (id int PRIMARY KEY)',
      );
      await client.query("SELECT create_distributed_table('vault', 'id', shard_count := 2)");
      for (const table of ['vault', 'ledger']) {
        await client.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
        await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      }
    });
    await lift();
  }, 60_000);
  afterEach(async () => database.drop());

  const lift = async (): Promise<void> =>
    withClient(database.target, (client) =>
      withTransaction(client, async () => {
        for (const statement of liftForcedPolicies([VAULT, LEDGER])) await client.query(statement);
      }),
    );
  const as = async <T>(work: (client: Client) => Promise<T>): Promise<T> => withClient(database.target, work);
  const platform = async <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    withClient(database.platform, work);

  /** Whether FORCE is on: of the tables, and of every shard. */
  const forced = async (): Promise<unknown> =>
    platform(async (client) => {
      const tables = await client.query<{ on: boolean }>(
        "SELECT relforcerowsecurity AS on FROM pg_class WHERE relname IN ('vault', 'ledger') ORDER BY relname",
      );
      const shards = await client.query<{ result: string }>(
        "SELECT result FROM run_command_on_shards('vault', $$ SELECT relforcerowsecurity FROM pg_class WHERE oid = '%s'::regclass $$)",
      );
      return [...tables.rows.map(({ on }) => on), ...shards.rows.map(({ result }) => result === 't')];
    });
  const scaleoutSchema = async (): Promise<unknown> =>
    platform(async (client) => {
      const { rows } = await client.query<{ oid: number | null }>(
        "SELECT to_regnamespace('scaleout') AS oid",
      );
      return rows[0];
    });

  test('is put back on tables and shards, is told of once, and the record goes', async () => {
    expect(await forced()).toEqual([false, false, false, false]);
    const first = recordingContext();
    await as((client) => putBackFirst(client, first.context.reporter));
    expect(first.warnings).toEqual([
      expect.stringMatching(
        /cut off while FORCE ROW LEVEL SECURITY of ledger and vault was off; it is on again/,
      ),
    ]);
    expect(await forced()).toEqual([true, true, true, true]);
    expect(await scaleoutSchema()).toEqual({ oid: null });
    const second = recordingContext();
    await as((client) => requirePutBack(client, second.context.reporter));
    expect([...second.warnings, ...second.infos]).toEqual([]);
  });

  test('is left alone while a run is at work, and put back by a session that is the run', async () => {
    const { context, infos, warnings } = recordingContext();
    await as((run) =>
      withAdvisoryLock(run, 'tables', async () => {
        await as((client) => putBackFirst(client, context.reporter));
        expect(infos).toEqual([expect.stringMatching(/^a run is at work.*ledger and vault is off until/)]);
        expect(await forced()).toEqual([false, false, false, false]);
        await requirePutBack(run, context.reporter);
        expect(await forced()).toEqual([true, true, true, true]);
        // It still holds the lock.
        await lift();
        await as((client) => putBackFirst(client, context.reporter));
        expect(infos).toHaveLength(2);
      }),
    );
    expect(warnings).toHaveLength(1);
  });

  test('one table that is locked keeps no other one open, and the next verb puts back the rest', async () => {
    const { context, warnings } = recordingContext();
    await as((holder) =>
      withTransaction(holder, async () => {
        await holder.query('LOCK TABLE ledger IN ACCESS SHARE MODE');
        await as((client) => putBackFirst(client, context.reporter));
      }),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/could not be put back: .*lock timeout.*ALTER TABLE "public"\."ledger" FORCE/),
    ]);
    expect(await forced()).toEqual([false, true, true, true]);
    await as((client) => putBackFirst(client, context.reporter));
    expect(await forced()).toEqual([true, true, true, true]);
  }, 30_000);

  test('a role or a session that may not: a warning with the statement to look, a refusal to run', async () => {
    await platform((client) => client.query('DROP ROLE IF EXISTS onlooker_f; CREATE ROLE onlooker_f'));
    const { context, warnings } = recordingContext();
    await platform(async (client) => {
      await client.query('SET ROLE onlooker_f');
      await putBackFirst(client, context.reporter);
      await expect(requirePutBack(client, context.reporter)).rejects.toMatchObject({ exitCode: 3 });
      await client.query('RESET ROLE; GRANT USAGE ON SCHEMA scaleout TO onlooker_f');
      await client.query('GRANT SELECT ON scaleout.forced_policy TO onlooker_f; SET ROLE onlooker_f');
      await putBackFirst(client, context.reporter);
      await client.query('RESET ROLE; DROP OWNED BY onlooker_f; DROP ROLE onlooker_f');
    });
    await as(async (client) => {
      await client.query('SET default_transaction_read_only TO on');
      await putBackFirst(client, context.reporter);
      await expect(requirePutBack(client, context.reporter)).rejects.toThrow(/nothing was changed$/);
    });
    expect(warnings).toEqual([
      expect.stringMatching(/cannot be read: .*permission denied/),
      expect.stringMatching(/must be owner.*ALTER TABLE "public"\."vault" FORCE ROW LEVEL SECURITY;/),
      expect.stringMatching(/read-only transaction.*ALTER TABLE "public"\."vault" FORCE/),
    ]);
    expect(await forced()).toEqual([false, false, false, false]);
  });

  test('a table that is gone is named, and the rest comes back', async () => {
    await as((client) => client.query('ALTER TABLE ledger RENAME TO ledger_old'));
    const { context, warnings } = recordingContext();
    await as((client) => putBackFirst(client, context.reporter));
    expect(warnings).toEqual([
      expect.stringMatching(/vault was off; it is on again.*ledger had FORCE.*gone now/),
    ]);
    expect(await forced()).toEqual([true, true, true]);
  });

  test('is put back by verbs that read alone', async () => {
    const advice = recordingContext();
    // It has nothing to say of such a database, and puts FORCE back all the same.
    await expect(adviseDistribution(advice.context, { target: database.target })).rejects.toThrow(
      /distributed already/,
    );
    expect(advice.warnings.join()).toMatch(/it is on again/);
    expect(await forced()).toEqual([true, true, true, true]);
    await lift();
    const simulation = recordingContext();
    // Nor has this: rows that policies hide are not countable, and FORCE is on for that.
    await expect(
      simulate(simulation.context, {
        target: database.target,
        topology: {},
        strategy: 'by_shard_count',
        reading: 'auto',
        estimateMoves: () => ({ seconds: 0, longestWritePauseMs: 0, assumes: '' }),
      }),
    ).rejects.toThrow(/row-level security policy for table "vault/);
    expect(simulation.warnings.join()).toMatch(/it is on again/);
    expect(await forced()).toEqual([true, true, true, true]);
  });
});
