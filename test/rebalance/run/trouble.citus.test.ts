import type { Client } from 'pg';
import { withAdvisoryLock, withClient } from '../../../scripts/lib/connection';
import { InterruptedError } from '../../../scripts/lib/errors';
import type { Terminal } from '../../../scripts/lib/terminal-block';
import {
  rebalancePlan,
  rebalanceRun,
  rebalanceStatus,
  rebalanceStop,
} from '../../../scripts/rebalance/commands';
import { rebalanceResume } from '../../../scripts/rebalance/resume';
import type { RebalanceStatus } from '../../../scripts/rebalance/status';
import { rebalanceWatch } from '../../../scripts/rebalance/watch-status';
import type { RebalanceWatchInput } from '../../../scripts/rebalance/watch-status';
import { tablesApply, tablesVerify } from '../../../scripts/tables/commands';
import type { TestDatabase } from '../../support/citus';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { createSensors, sensorsDistribution } from '../../tables/support/sensors';
import type { Recorded } from '../fixtures';
import { recordingContext, recordingStream } from '../fixtures';
import { readingsOnCoordinator, until as untilIn } from '../readings';

const BLOCKING = { strategy: 'by_shard_count', mode: 'block_writes' } as const;

const until = (happened: () => boolean | Promise<boolean>): Promise<void> => untilIn(happened, 15);

platformSuite('a rebalance in trouble', () => {
  let database: TestDatabase;
  const platform = async <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    withClient(database.platform, work);
  const target = (): { target: TestDatabase['target'] } => ({ target: database.target });

  beforeEach(async () => {
    database = await readingsOnCoordinator();
  }, 60_000);
  afterEach(async () => database.drop());

  const rows = async (): Promise<unknown> =>
    withClient(database.target, async (client) => {
      const result = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM readings');
      return result.rows[0]?.n;
    });
  const jobs = async (): Promise<number> =>
    platform(async (client) => (await client.query('SELECT FROM pg_dist_background_job')).rowCount ?? 0);

  /** Puts a relation in the way of the first planned move, on its target, where the move wants to create an index. */
  async function spoilFirstMove(): Promise<() => Promise<void>> {
    const plan = await rebalancePlan(recordingContext().context, { ...target(), ...BLOCKING });
    const move = plan.document.moves[0]!;
    const port = Number(move.to.split(':')[1]);
    const obstacle = `readings_pkey_${String(move.shardId)}`;
    await withClient({ ...database.platform, port }, (client) =>
      client.query(`CREATE TABLE ${obstacle} (x int)`),
    );
    return async () => {
      await withClient({ ...database.platform, port }, (client) => client.query(`DROP TABLE ${obstacle}`));
    };
  }

  const watching = (stdout: Terminal, json: boolean): RebalanceWatchInput => ({
    ...target(),
    intervalMs: 50,
    stdout,
    json,
  });

  async function runUntilRetry(): Promise<{ recorded: Recorded; run: ReturnType<typeof rebalanceRun> }> {
    const recorded = recordingContext();
    const run = rebalanceRun(recorded.context, { ...target(), ...BLOCKING });
    run.catch(() => undefined);
    await until(() => recorded.warnings.length > 0);
    return { recorded, run };
  }

  /** Takes the wait out of Citus's retries. */
  async function retryNow(client: Client, change = ''): Promise<void> {
    await client.query(
      `UPDATE pg_dist_background_task SET not_before = now() ${change} WHERE status = 'runnable' AND not_before IS NOT NULL`,
    );
  }

  test('a move that fails is told at once, and the job that gives up is a failure with the reason', async () => {
    await spoilFirstMove();
    const { recorded, run } = await runUntilRetry();
    expect(recorded.warnings[0]).toMatch(
      /moving shard \d+ \(readings; .*\) from coordinator to w[01] failed and is tried again/,
    );
    expect(recorded.warnings[0]).toMatch(/relation "readings_pkey_\d+" already exists/);
    const during = await rebalanceStatus(recordingContext().context, target());
    expect(during.text).toMatch(/failed and is tried again/);
    const screen = recordingStream(true);
    const watched = rebalanceWatch(recordingContext().context, watching(screen, false));
    await until(() => screen.written.length > 1);
    // As after half an hour: the last retry is used up.
    await platform((client) => retryNow(client, ', retry_count = 32'));
    const { outcome, document, text } = await run;
    expect(outcome).toBe('failed');
    expect(await watched).toMatchObject({ outcome: 'failed', document: { job: { state: 'failed' } } });
    expect(screen.written.join('')).toMatch(
      /Job \d+ running.*\n\[\.+\] 0 of 4 moves, .*\n(.*\n)+.*! moving shard \d+ .*\n(.*\n)*.*already exists/,
    );
    expect(document).toMatchObject({ state: 'failed', moves: 0, movesPlanned: 4 });
    expect(text).toMatch(
      /^Rebalance job \d+ failed, moving shard .*already exists\. 0 of 4 moves are done and stay\./,
    );
    expect(document.after).toEqual(document.before);
    const [retried, failed] = [
      recorded.events.find(({ name }) => name === 'move.retried'),
      recorded.events.at(-1),
    ];
    expect(retried).toMatchObject({ attempt: 1, reason: expect.stringMatching(/already exists/) as string });
    expect(failed).toMatchObject({ name: 'job.failed', job: document.job, moves: 0, movesPlanned: 4 });
    const after = await rebalanceStatus(recordingContext().context, target());
    expect(after.document).toMatchObject({ job: { state: 'failed' }, moves: { done: 0, total: 4 } });
    expect(after.text).toMatch(/failed, moving shard/);
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('a follower that was stopped leaves the job, and the next run attaches and ends it', async () => {
    const mend = await spoilFirstMove();
    const first = await runUntilRetry();
    first.recorded.abort.abort();
    await expect(first.run).rejects.toThrow(InterruptedError);
    await expect(first.run).rejects.toThrow(/goes on in the database/);
    await mend();
    await platform((client) => retryNow(client));
    const second = recordingContext();
    const { outcome, document } = await rebalanceRun(second.context, { ...target(), ...BLOCKING });
    expect(second.infos.join()).toMatch(/is already running.*following it/);
    expect({ outcome, moves: document.moves, jobs: await jobs() }).toEqual({
      outcome: 'done',
      moves: 4,
      jobs: 1,
    });
    expect(document.after.map((node) => node.shards)).toEqual([2, 2, 2]);
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('a cut connection leaves the job; who then follows it is told when somebody stops it', async () => {
    const mend = await spoilFirstMove();
    const { run } = await runUntilRetry();
    await platform((client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scaleout rebalance run' AND datname = current_database()",
      ),
    );
    await expect(run).rejects.toThrow(
      /connection to citus@.* was lost in the middle.*run the same command again/,
    );
    const next = await runUntilRetry();
    expect(next.recorded.infos.join()).toMatch(/is already running/);
    const documents = recordingStream(false);
    const watched = rebalanceWatch(recordingContext().context, watching(documents, true));
    await until(() => documents.written.length > 0);
    const stop = await rebalanceStop(recordingContext().context, target());
    expect(stop.text).toMatch(/^Rebalance job \d+ is cancelled\./);
    expect(await watched).toMatchObject({ outcome: 'failed', printed: true });
    const states = documents.written.map((line) => (JSON.parse(line) as RebalanceStatus).job?.state);
    expect([states[0], states.at(-1)]).toEqual(['running', 'cancelled']);
    const { outcome, document, text } = await next.run;
    expect({ outcome, state: document.state }).toEqual({ outcome: 'failed', state: 'cancelled' });
    expect(text).toMatch(
      /was cancelled: 0 of 4 moves are done and stay\. Run "scaleout rebalance run" again/,
    );
    const again = await rebalanceStop(recordingContext().context, target());
    expect(again).toMatchObject({ outcome: 'done', document: { job: null } });
    expect(await jobs()).toBe(1);
    const { record } = (await rebalanceStatus(recordingContext().context, target())).document;
    expect(record).toMatchObject({
      way: 'background',
      job: document.job,
      state: 'stopped',
      request: 'stop',
      login: database.target.user,
    });
    // What was begun by a run that is gone goes on with its options, in a job of its own.
    await mend();
    const resumed = await rebalanceResume(recordingContext().context, target());
    expect(resumed).toMatchObject({
      outcome: 'done',
      document: { result: { way: 'background', state: 'finished', moves: 4 } },
    });
    expect(resumed.document.result?.record?.moves.map(({ way }) => way)).toEqual(
      Array.from({ length: 4 }, () => 'blocking'),
    );
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('a worker that cannot be reached is named before anything starts', async () => {
    await platform((client) => client.query('UPDATE pg_dist_node SET nodeport = 1 WHERE groupid = 2'));
    for (const verb of [rebalancePlan, rebalanceRun]) {
      await expect(verb(recordingContext().context, target())).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/:\d+ cannot reach \S+:1[,.]/) as string,
      });
    }
    expect(await jobs()).toBe(0);
  });

  test('a second run beside the first is turned away, and a plan is not', async () => {
    await withClient(database.target, (client) =>
      withAdvisoryLock(client, 'rebalance', async () => {
        const { context } = recordingContext();
        await expect(rebalanceRun(context, target())).rejects.toThrow(
          /another "rebalance" run is working on this database .*: see how far it is with "scaleout rebalance status", end it .*"scaleout rebalance stop", .*nothing was changed\. If that run is gone/,
        );
        expect((await rebalancePlan(context, target())).document.moves.length).toBeGreaterThan(0);
      }),
    );
    expect(await jobs()).toBe(0);
  });

  test('tables are not distributed while shards move, and shards not moved while tables are distributed', async () => {
    await createSensors(database.target, 10);
    const apply = (): ReturnType<typeof tablesApply> =>
      tablesApply(recordingContext().context, {
        ...target(),
        expected: sensorsDistribution({ online: false }),
      });
    await withClient(database.target, (client) =>
      withAdvisoryLock(client, 'tables', async () => {
        const run = rebalanceRun(recordingContext().context, { ...target(), ...BLOCKING });
        await expect(run).rejects.toThrow(/another "tables" run is working/);
      }),
    );
    expect(await jobs()).toBe(0);

    await spoilFirstMove();
    const { recorded, run } = await runUntilRetry();
    const refusal = {
      exitCode: 3,
      message: expect.stringMatching(
        /^rebalance job \d+ is running.*"scaleout rebalance stop".*nothing was changed$/,
      ) as string,
    };
    await expect(apply()).rejects.toMatchObject(refusal);
    recorded.abort.abort();
    await expect(run).rejects.toThrow(InterruptedError);
    // Nobody follows it now, and it goes on all the same.
    await expect(apply()).rejects.toMatchObject(refusal);
    await rebalanceStop(recordingContext().context, target());
    expect((await apply()).outcome).toBe('done');

    const colocation = async (): Promise<unknown> => {
      const { document } = await tablesVerify(recordingContext().context, {
        ...target(),
        expected: sensorsDistribution({ online: false }),
      });
      return document.checks.filter(({ id, ok }) => id.startsWith('colocation:') && !ok);
    };
    expect(await colocation()).toEqual([]);
    await platform((client) =>
      client.query(
        `UPDATE pg_dist_placement SET groupid = (groupid + 1) % 3
          WHERE shardid = (SELECT min(shardid) FROM pg_dist_shard WHERE logicalrelid = 'events'::regclass)`,
      ),
    );
    expect(await colocation()).toEqual([
      expect.objectContaining({
        detail: expect.stringMatching(/^1 of 4 shard ranges of devices and events are on/) as string,
      }),
    ]);
  }, 60_000);

  test("another role's table is refused by name, and nothing is started", async () => {
    await platform((client) =>
      client.query(
        "CREATE TABLE secrets (id int PRIMARY KEY); SELECT create_distributed_table('secrets', 'id')",
      ),
    );
    const run = rebalanceRun(recordingContext().context, { ...target(), ...BLOCKING });
    await expect(run).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        /nothing was changed: citus does not own .*secrets \(owner postgres\)/,
      ) as string,
    });
    const plan = recordingContext();
    await rebalancePlan(plan.context, { ...target(), ...BLOCKING });
    expect(plan.warnings.join()).toMatch(/a run would be refused: .*secrets/);
    expect(await jobs()).toBe(0);
  });

  test('mode auto refuses a table without identity, and block_writes moves it', async () => {
    await withClient(database.target, (client) =>
      client.query('ALTER TABLE readings DROP CONSTRAINT readings_pkey'),
    );
    const auto = rebalanceRun(recordingContext().context, {
      ...target(),
      strategy: 'by_shard_count',
      mode: 'auto',
    });
    await expect(auto).rejects.toThrow(/primary key or a replica identity, and readings has neither/);
    expect(await jobs()).toBe(0);
    const run = await rebalanceRun(recordingContext().context, {
      ...target(),
      ...BLOCKING,
      probeWrites: true,
    });
    expect(run).toMatchObject({
      outcome: 'done',
      document: { moves: 4, record: { job: run.document.job, writers: { failed: 0 } } },
    });
    expect(run.document.record?.writers?.writes).toBeGreaterThan(0);
    const probes = await platform((client) =>
      client.query("SELECT FROM pg_class WHERE relname LIKE 'rebalance_probe_%'"),
    );
    expect(probes.rowCount).toBe(0);
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('where background jobs are not granted the shards are moved in the session', async () => {
    await platform((client) =>
      client.query(
        `CREATE TABLE types (id int PRIMARY KEY); ALTER TABLE types OWNER TO citus;
         REVOKE EXECUTE ON FUNCTION citus_rebalance_start FROM PUBLIC`,
      ),
    );
    const { context, infos, updates } = recordingContext();
    const { outcome, document } = await rebalanceRun(context, { ...target(), ...BLOCKING });
    expect(infos.join()).toMatch(/not available to this role/);
    expect({ outcome, ...document }).toMatchObject({
      outcome: 'done',
      job: null,
      state: 'finished',
      moves: 4,
    });
    expect(document.after.map((node) => node.shards)).toEqual([2, 2, 2]);
    expect(updates.map(({ done }) => done)).toEqual([1, 2, 3, 4, 4]);
    expect(await jobs()).toBe(0);
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('in the session too Ctrl-C stops between two moves and a second run does the rest', async () => {
    await platform((client) => client.query('REVOKE EXECUTE ON FUNCTION citus_rebalance_start FROM PUBLIC'));
    const first = recordingContext(() => first.abort.abort());
    await expect(rebalanceRun(first.context, { ...target(), ...BLOCKING })).rejects.toThrow(
      /1 of 4 moves are done; run .* again/,
    );
    const second = await rebalanceRun(recordingContext().context, { ...target(), ...BLOCKING });
    expect(second).toMatchObject({ outcome: 'done', document: { moves: 3 } });
  }, 60_000);

  test('a worker, and a database without Citus each get one clear answer', async () => {
    const { context } = recordingContext();
    const worker = await platform(async (client) => {
      const { rows: nodes } = await client.query<{ nodeport: number }>(
        'SELECT nodeport FROM pg_dist_node WHERE groupid = 1',
      );
      return { ...database.target, port: nodes[0]!.nodeport };
    });
    await expect(rebalanceRun(context, { target: worker })).rejects.toThrow(
      /this is the worker of node group 1/,
    );
    const plain = { ...database.target, database: 'postgres' };
    for (const verb of [rebalancePlan, rebalanceRun, rebalanceStatus, rebalanceStop]) {
      await expect(verb(context, { target: plain })).rejects.toThrow(/PostgreSQL without Citus/);
    }
  });
});

platformSuite('a rebalance of reference tables alone', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 0 });
  }, 60_000);
  afterAll(async () => database.drop());

  test('copies them to the new nodes, though no shard moves', async () => {
    await withClient(database.target, (client) =>
      client.query("CREATE TABLE types (id int PRIMARY KEY); SELECT create_reference_table('types')"),
    );
    await database.addWorkers();
    const { context } = recordingContext();
    const plan = await rebalancePlan(context, { target: database.target });
    expect(plan).toMatchObject({
      outcome: 'changes',
      document: { moves: [], missingReferenceTables: ['types'] },
    });
    const run = await rebalanceRun(context, { target: database.target });
    expect(run).toMatchObject({
      outcome: 'done',
      document: { state: 'balanced', referenceTables: ['types'] },
    });
    expect(run.text).toMatch(/^No shard had to move\.\nReference tables types were copied/);
    const copies = await withClient(database.target, (client) =>
      client.query('SELECT FROM pg_dist_placement'),
    );
    expect(copies.rowCount).toBe(3);
    const again = await rebalanceRun(context, { target: database.target });
    expect(again.text).toMatch(/^Nothing to do/);
  }, 60_000);
});
