import { spawn } from 'node:child_process';
import path from 'node:path';
import { InterruptedError } from '../../../scripts/lib/errors';
import {
  rebalancePlan,
  rebalanceRun,
  rebalanceStatus,
  rebalanceStop,
} from '../../../scripts/rebalance/commands';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { recordingContext } from '../fixtures';
import { createVault, force, ROWS, until, Vault, WINDOW } from '../vault';

const CHILD = path.join(__dirname, 'rebalance-child.js');

platformSuite('a rebalance of tables whose policies are forced', () => {
  let vault: Vault;
  beforeEach(async () => {
    vault = new Vault(await freshCitusDatabase({ workers: 0 }));
  }, 60_000);
  afterEach(async () => vault.database.drop());

  test.each(['block_writes', 'auto'] as const)(
    'loses no row in mode %s, and FORCE is on again',
    async (mode) => {
      await vault.as(createVault);
      await vault.database.addWorkers();
      const plan = await rebalancePlan(recordingContext().context, vault.input(mode));
      expect(plan.outcome).toBe('refused');
      // Transactions of other databases are a note where their server is one that shards leave.
      expect(plan.document.findings.filter(({ needs }) => needs === 'allowance')).toEqual([
        {
          id: WINDOW,
          message: expect.stringMatching(/4 windows of about .* at most, .* in all/) as string,
          needs: 'allowance',
        },
      ]);
      expect(plan.text).toMatch(/To allow it, add --allow forced-policy-window:vault_r\.$/);
      await expect(rebalanceRun(recordingContext().context, vault.input(mode))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/nothing was changed:\n- forced-policy-window:vault_r: /) as string,
      });
      expect(await vault.forced('vault_r')).toEqual([true, true]);

      const allowed = vault.input(mode, [WINDOW]);
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
      expect(await vault.rows('vault_r')).toBe(ROWS);
      expect(await vault.forced('vault_r')).toEqual([true, true]);
      const record = await vault.platform((client) =>
        client.query("SELECT to_regclass('scaleout.forced_policy') AS oid"),
      );
      expect(record.rows).toEqual([{ oid: null }]);

      const again = await rebalanceRun(recordingContext().context, vault.input(mode));
      expect(again).toMatchObject({ outcome: 'done', document: { state: 'balanced', moves: 0 } });
    },
    120_000,
  );

  test('a run killed in a window: the next verb puts FORCE back, the next run does the rest', async () => {
    await vault.as(createVault);
    await vault.database.addWorkers();
    const input = vault.input('block_writes', [WINDOW]);
    await vault.whileWorkersWaitAfter('CREATE TABLE', async () => {
      const child = spawn(process.execPath, [CHILD, JSON.stringify(input)], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
      await vault.windowOpens();
      // Killed before its move, it would leave a window to which the next verb puts an end.
      await vault.moveWaits();
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      // Its session on the server goes on with the move, and FORCE must not come back in the middle of that.
      const during = recordingContext();
      await rebalanceStatus(during.context, input);
      expect(during.infos).toEqual([expect.stringMatching(/a run is at work.*vault_r is off until/)]);
      expect(await vault.forced('vault_r')).toEqual([false, false]);
    });
    await vault.leaveWorkersAlone();
    const after = recordingContext();
    await until(async () => {
      await rebalancePlan(after.context, input);
      return after.warnings.length > 0;
    });
    expect(after.warnings).toEqual([
      expect.stringMatching(/cut off while FORCE .* vault_r was off; it is on again/),
    ]);
    expect(await vault.forced('vault_r')).toEqual([true, true]);
    expect(await vault.rows('vault_r')).toBe(ROWS);

    const run = await rebalanceRun(recordingContext().context, input);
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 3, rows: { same: 3, different: [] } } });
    expect(await vault.rows('vault_r')).toBe(ROWS);
    expect(await vault.forced('vault_r')).toEqual([true, true]);
  }, 120_000);

  test('Ctrl-C, a failed move and a lost session: FORCE is back, or the message says how it comes back', async () => {
    await vault.as(createVault);
    await vault.database.addWorkers();
    const input = vault.input('block_writes', [WINDOW]);
    const stopped = recordingContext(() => stopped.abort.abort());
    const forcedWhenTold = rebalanceRun(stopped.context, input).catch(async (error: unknown) => {
      expect(error).toBeInstanceOf(InterruptedError);
      expect(String(error)).toMatch(/1 of 4 moves are done; run .* again/);
      return vault.forced('vault_r');
    });
    expect(await forcedWhenTold).toEqual([true, true]);

    await vault.onWorkersAfter('CREATE TABLE', "BEGIN RAISE 'no room'; END");
    await expect(rebalanceRun(recordingContext().context, input)).rejects.toThrow(
      /^a move failed: .*no room.* 0 of 3 moves are done and stay/,
    );
    expect(await vault.forced('vault_r')).toEqual([true, true]);
    await vault.leaveWorkersAlone();

    await vault.whileWorkersWaitAfter('CREATE TABLE', async () => {
      const lost = rebalanceRun(recordingContext().context, input);
      lost.catch(() => undefined);
      await vault.windowOpens();
      await vault.platform((client) =>
        client.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scaleout rebalance run' AND datname = current_database()",
        ),
      );
      await expect(lost).rejects.toThrow(
        /FORCE ROW LEVEL SECURITY of vault_r could not be put back: .*next run of any verb.*ALTER TABLE "public"\."vault_r" FORCE/,
      );
    });
    await vault.leaveWorkersAlone();
    await until(async () => {
      await rebalanceStop(recordingContext().context, input);
      return (await vault.forced('vault_r')).every(Boolean);
    });
    const run = await rebalanceRun(recordingContext().context, input);
    expect(run).toMatchObject({ outcome: 'done', document: { state: 'finished' } });
    expect(await vault.rows('vault_r')).toBe(ROWS);
    expect(await vault.forced('vault_r')).toEqual([true, true]);
  }, 120_000);

  test('a job that was started by hand is not followed, and status says what it does', async () => {
    await vault.as(createVault);
    await vault.database.addWorkers();
    await vault.onWorkersAfter('CREATE TABLE', "BEGIN RAISE 'no room'; END");
    await vault.as((client) =>
      client.query("SELECT citus_rebalance_start('by_shard_count', false, 'block_writes')"),
    );
    const input = vault.input('block_writes', [WINDOW]);
    const status = await rebalanceStatus(recordingContext().context, input);
    expect(status.text).toMatch(/moves shards of vault_r while FORCE ROW LEVEL SECURITY is on/);
    await expect(rebalanceRun(recordingContext().context, input)).rejects.toMatchObject({ exitCode: 3 });
    await rebalanceStop(recordingContext().context, input);
    await vault.leaveWorkersAlone();
    expect((await rebalanceRun(recordingContext().context, input)).outcome).toBe('done');
    expect(await vault.rows('vault_r')).toBe(ROWS);
  }, 120_000);

  test('partitions with FORCE of their own, colocated and other tables: each row and flag is there after', async () => {
    await vault.as(async (client) => {
      await createVault(client);
      await client.query(`
        CREATE TABLE ledger (org_id int, day date, amount numeric, tags timestamptz[], PRIMARY KEY (org_id, day)) PARTITION BY RANGE (day);
        CREATE TABLE ledger_1 PARTITION OF ledger FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE ledger_2 PARTITION OF ledger FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE INDEX ON ledger (amount);
        SELECT create_distributed_table('ledger', 'org_id', colocate_with := 'vault_r');
        INSERT INTO ledger SELECT i % 50, date '2025-01-01' + i, i, ARRAY[now()] FROM generate_series(1, 700) i;
        CREATE TABLE plain (id int PRIMARY KEY, v interval[]);
        SELECT create_distributed_table('plain', 'id', shard_count := 6, colocate_with := 'none');
        INSERT INTO plain SELECT i, ARRAY[interval '1 day'] FROM generate_series(1, 900) i;
        CREATE TABLE currency (org_id int PRIMARY KEY);
        INSERT INTO currency SELECT generate_series(1, 40)`);
      await client.query("SELECT create_reference_table('currency')");
      await force(client, 'ledger_1');
      await force(client, 'currency');
    });
    await vault.database.addWorkers();
    const ids = [WINDOW, 'forced-policy-window:ledger'];
    const plan = await rebalancePlan(recordingContext().context, vault.input('block_writes', [WINDOW]));
    expect(plan.outcome).toBe('refused');
    expect(plan.document.findings.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(plan.text).toMatch(/To allow it, add --allow forced-policy-window:ledger\.$/);
    const told = recordingContext();
    const run = await rebalanceRun(told.context, vault.input('block_writes', [...ids, 'nonsense:x']));
    expect(told.infos).toContain('--allow nonsense:x allows nothing: this plan has no such finding');
    expect(run).toMatchObject({
      outcome: 'done',
      document: { moves: 8, referenceTables: ['currency'], rows: { groups: 8, same: 8, different: [] } },
    });
    const counts = [];
    for (const table of ['vault_r', 'ledger', 'ledger_1', 'plain']) counts.push(await vault.rows(table));
    expect(counts).toEqual([ROWS, 700, 364, 900]);
    // Reference tables are copied by the owner of the extension, whom no policy binds.
    const copies = await vault.platform((client) =>
      client.query<{ result: string }>(
        "SELECT result FROM run_command_on_placements('currency', 'SELECT count(*) FROM %s')",
      ),
    );
    expect(copies.rows.map(({ result }) => result)).toEqual(['40', '40', '40']);
    const flags = [];
    for (const table of ['vault_r', 'ledger', 'ledger_1', 'ledger_2', 'currency']) {
      flags.push(await vault.forced(table));
    }
    expect(flags).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
      [true, true],
    ]);
  }, 120_000);

  test('a restrictive policy needs an allowance, and what becomes of it is told', async () => {
    await vault.as(async (client) => {
      await client.query(`
        CREATE TABLE note (org_id int PRIMARY KEY, secret boolean NOT NULL);
        SELECT create_distributed_table('note', 'org_id', shard_count := 3);
        INSERT INTO note SELECT i, false FROM generate_series(1, 60) i`);
      await client.query('ALTER TABLE note ENABLE ROW LEVEL SECURITY');
      await client.query('CREATE POLICY everybody ON note USING (true)');
      await client.query('CREATE POLICY "no.secrets" ON note AS RESTRICTIVE USING (NOT secret)');
    });
    await vault.database.addWorkers();
    // As somebody leaves it who repaired the shards by hand.
    await vault.platform((client) =>
      client.query(`SELECT * FROM run_command_on_shards('note',
        $$ DO $x$ BEGIN DROP POLICY "no.secrets" ON %1$s; CREATE POLICY "no.secrets" ON %1$s AS RESTRICTIVE USING (NOT secret); END $x$ $$)`),
    );
    const id = 'restrictive-policy-lost:note."no.secrets"';
    const input = vault.input('block_writes');
    const plan = await rebalancePlan(recordingContext().context, input);
    expect(plan.document.findings).toEqual([
      {
        id,
        needs: 'allowance',
        message: expect.stringMatching(
          /ALTER POLICY "everybody" ON "public"\."note" USING \(\(true\) AND \(\(NOT secret\)\)\); DROP POLICY "no\.secrets"/,
        ) as string,
      },
    ]);
    await expect(rebalanceRun(recordingContext().context, input)).rejects.toMatchObject({ exitCode: 3 });
    const recorded = recordingContext();
    const run = await rebalanceRun(recorded.context, vault.input('block_writes', [id]));
    expect(run.outcome).toBe('done');
    expect(run.document.rows?.different).toEqual(
      [1, 2].map(() => ({
        table: 'note',
        shard: expect.any(Number) as number,
        what: 'policy no.secrets',
        before: 'restrictive for all to public using (NOT secret)',
        now: 'permissive for all to public using (NOT secret)',
        lost: false,
      })),
    );
    expect(recorded.warnings).toHaveLength(2);
    expect(run.document.job).not.toBeNull();
  }, 120_000);

  test('a shard that has FORCE though its table has not is refused by name', async () => {
    await vault.as(createVault);
    await vault.as((client) => client.query('ALTER TABLE vault_r NO FORCE ROW LEVEL SECURITY'));
    await vault.database.addWorkers();
    await vault.platform((client) =>
      client.query(
        `SELECT * FROM run_command_on_shards('vault_r', 'ALTER TABLE %s FORCE ROW LEVEL SECURITY')`,
      ),
    );
    const input = vault.input('block_writes');
    const plan = recordingContext();
    await rebalancePlan(plan.context, input);
    const fault =
      /shards \d+ on \S+, .* of vault_r have FORCE ROW LEVEL SECURITY and the table on the coordinator has not.*ALTER TABLE "public"\."vault_r" NO FORCE/;
    expect(plan.warnings.join()).toMatch(fault);
    await expect(rebalanceRun(recordingContext().context, input)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(fault) as string,
    });
    await vault.as((client) => client.query('ALTER TABLE vault_r NO FORCE ROW LEVEL SECURITY'));
    const run = await rebalanceRun(recordingContext().context, input);
    expect(run).toMatchObject({ outcome: 'done', document: { rows: { groups: 4, same: 4, different: [] } } });
    expect(run.document.job).not.toBeNull();
    expect(await vault.rows('vault_r')).toBe(ROWS);
  }, 120_000);

  test('FORCE of a reference table alone keeps no move back whose foreign key leads there', async () => {
    await vault.as(async (client) => {
      await client.query(`
        CREATE TABLE org (org_id int PRIMARY KEY); INSERT INTO org SELECT generate_series(0, 49);
        SELECT create_reference_table('org');
        CREATE TABLE item (org_id int NOT NULL REFERENCES org, id int NOT NULL, PRIMARY KEY (org_id, id));
        SELECT create_distributed_table('item', 'org_id', shard_count := 6, colocate_with := 'none');
        INSERT INTO item SELECT i % 50, i FROM generate_series(1, 500) i`);
      await force(client, 'org');
    });
    await vault.database.addWorkers();
    const window = 'forced-policy-window:org';
    const plan = await rebalancePlan(recordingContext().context, vault.input('block_writes'));
    expect(plan.document.findings.map(({ id }) => id)).toEqual([window]);
    const run = await rebalanceRun(recordingContext().context, vault.input('block_writes', [window]));
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 4, rows: { same: 4, different: [] } } });
    expect(await vault.rows('item')).toBe(500);
    expect(await vault.forced('org')).toEqual([true, true]);
  }, 120_000);
});
