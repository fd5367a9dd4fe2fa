import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withAdvisoryLock, withClient } from '../../../scripts/lib/connection';
import type { RunEvent } from '../../../scripts/lib/events';
import { InterruptedError } from '../../../scripts/lib/errors';
import { streamReporter } from '../../../scripts/lib/reporter';
import type { Terminal } from '../../../scripts/lib/terminal-block';
import {
  rebalancePause,
  rebalancePlan,
  rebalanceRun,
  rebalanceStatus,
  rebalanceStop,
} from '../../../scripts/rebalance/commands';
import type { RebalanceRunInput } from '../../../scripts/rebalance/commands';
import { readCosts, readLastRunSurely } from '../../../scripts/rebalance/record/run-record';
import { rebalanceResume } from '../../../scripts/rebalance/resume';
import { rebalanceWatch } from '../../../scripts/rebalance/watch-status';
import type { RebalanceWatchInput } from '../../../scripts/rebalance/watch-status';
import type { TestDatabase } from '../../support/citus';
import { platformSuite } from '../../support/citus';
import { scaleout } from '../../support/command-line';
import { testEnvironment } from '../../support/environment';
import type { Recorded } from '../fixtures';
import { recordingContext, recordingStream } from '../fixtures';
import { readingsOnCoordinator, until as untilIn } from '../readings';

/** Nothing here rests on how fast the machine is: no move of these few rows takes as long. */
const GENEROUS = 60_000;

const until = (happened: () => boolean | Promise<boolean>): Promise<void> => untilIn(happened, 30);

/** @param onDone is told of each move that is made */
function watchedContext(onDone: () => void = () => undefined): Recorded {
  const recorded = recordingContext();
  const reporter = {
    ...recorded.context.reporter,
    event(event: RunEvent): void {
      recorded.events.push(event);
      if (event.name === 'move.done') onDone();
    },
  };
  return { ...recorded, context: { ...recorded.context, reporter } };
}

platformSuite('a rebalance under a budget', () => {
  let database: TestDatabase;
  const target = (): { target: TestDatabase['target'] } => ({ target: database.target });
  const input = (more: Partial<RebalanceRunInput> = {}): RebalanceRunInput => ({
    ...target(),
    strategy: 'by_shard_count',
    maxWritePauseMs: GENEROUS,
    ...more,
  });
  const asLogin = <T>(work: (client: Client) => Promise<T>): Promise<T> => withClient(database.target, work);

  beforeEach(async () => {
    database = await readingsOnCoordinator();
  }, 60_000);
  afterEach(async () => database.drop());

  const one = <T>(sql: string, values: unknown[] = []): Promise<T> =>
    asLogin(async (client) => (await client.query<{ value: T }>(sql, values)).rows[0]?.value as T);
  /** As a server does that ends. @param name what those sessions call themselves, as a pattern */
  const cutSessions = (name: string): Promise<unknown> =>
    withClient(database.platform, (client) =>
      client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ $1',
        [name],
      ),
    );
  const probes = (): Promise<number> =>
    one(
      "SELECT count(*)::int AS value FROM pg_class WHERE relname ~ '^rebalance_probe_[0-9]+$' AND relkind = 'r'",
    );
  const rows = (): Promise<number> => one('SELECT count(*)::int AS value FROM readings');
  const leftovers = (): Promise<number> => one('SELECT count(*)::int AS value FROM pg_dist_cleanup');
  /** What an earlier run in this database would have learnt. */
  const remember = (way: string, pauseMs: number): Promise<unknown> =>
    asLogin((client) =>
      client.query(
        `INSERT INTO scaleout.rebalance_move (run_id, shard_id, tables, bytes, source, target, way, seconds, pause_ms)
         SELECT 0, 0, 'readings', max(size), '', '', $1, 1, $2 FROM citus_shard_sizes()`,
        [way, pauseMs],
      ),
    );
  /** A run that leaves its tables of records behind and moves nothing of these. */
  const makeRecord = async (): Promise<void> => {
    await rebalanceRun(recordingContext().context, input({ maxMoves: 1 }));
  };
  const idOnFirstMove = async (): Promise<{ id: number; shardId: number }> => {
    const plan = await rebalancePlan(recordingContext().context, input());
    const shardId = plan.document.moves[0]!.shardId;
    const id = await one<number>(
      "SELECT id::int AS value FROM readings WHERE get_shard_id_for_distribution_column('readings', id) = $1 LIMIT 1",
      [shardId],
    );
    return { id, shardId };
  };

  test('is silent about nothing: a record that a role may not read, a run without one', async () => {
    const role = `stranger_${database.target.database}`;
    await withClient(database.platform, async (client) => {
      await client.query('BEGIN');
      for (const statement of [
        'CREATE SCHEMA IF NOT EXISTS scaleout',
        'CREATE TABLE scaleout.rebalance_run ()',
        'CREATE TABLE scaleout.rebalance_move ()',
        `CREATE ROLE ${role}`,
        `SET LOCAL ROLE ${role}`,
      ])
        await client.query(statement);
      await expect(readLastRunSurely(client)).rejects.toMatchObject({
        code: 'rebalance.record-hidden',
        message: expect.stringMatching(/GRANT USAGE ON SCHEMA scaleout TO/) as string,
      });
      await client.query('ROLLBACK');
    });
    await withClient(target().target, (client) =>
      withAdvisoryLock(client, 'rebalance', async () => {
        const { context } = recordingContext();
        expect((await rebalanceStatus(context, target())).text).toMatch(
          /^Session \d+ is at a rebalance that has no record yet/,
        );
        for (const verb of [rebalanceStop, rebalancePause]) {
          await expect(verb(context, target())).rejects.toMatchObject({ code: 'cluster.busy' });
        }
      }),
    );
  });

  test('moves small groups with their writes blocked, keeps a record, and has nothing to do the second time', async () => {
    const plan = await rebalancePlan(recordingContext().context, input());
    expect(plan.document.moves.map(({ mode }) => mode)).toEqual(
      Array.from({ length: 4 }, () => 'block_writes'),
    );
    expect(plan.document.estimate.assumes).toMatch(/no run under a budget has moved anything/);
    const { context, events } = watchedContext();
    const run = await rebalanceRun(context, input());
    expect(run).toMatchObject({
      outcome: 'done',
      document: { way: 'budgeted', job: null, state: 'finished', moves: 4, rows: { groups: 4, same: 4 } },
    });
    const { made, left, longestWritePauseMs } = run.document.budget!;
    expect(made.map(({ way, cancelled }) => [way, cancelled])).toEqual(
      Array.from({ length: 4 }, () => ['blocking', []]),
    );
    expect(left).toEqual([]);
    for (const { writePauseMs, seconds } of made) {
      expect(writePauseMs).toBeGreaterThan(0);
      expect(writePauseMs).toBeLessThanOrEqual(longestWritePauseMs);
      expect(writePauseMs / 1000).toBeLessThan(seconds);
    }
    expect(events.map(({ name }) => name)).toEqual(
      Array.from({ length: 4 }, () => ['move.started', 'move.done']).flat(),
    );
    expect(run.document.after.map(({ shards }) => shards)).toEqual([2, 2, 2]);
    expect(run.text).toMatch(
      /waited (?:longer than|up to) [\d,]+ ms for a move.*: 4 with writes blocked, 0 by/,
    );
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);

    const status = await rebalanceStatus(recordingContext().context, target());
    expect(status.document).toMatchObject({
      job: null,
      run: { state: 'finished', pid: null, cancelledTries: 0 },
      moves: { done: 4, total: 4 },
      warnings: [],
    });
    expect(status.text).toMatch(/^Run 1 finished: 4 of 4 moves/);
    expect(status.document.before.map(({ shards }) => shards)).toEqual([6, 0, 0]);
    expect(status.document.planned).toEqual(status.document.nodes);
    expect(status.document.record).toMatchObject({
      way: 'budgeted',
      job: null,
      login: database.target.user,
      role: database.target.user,
      application: 'scaleout rebalance run',
      state: 'finished',
      writers: null,
    });
    expect(status.document.record?.moves.map(({ shardId, to, endedAt }) => [shardId, to, endedAt])).toEqual(
      made.map(({ shardId, to }) => [shardId, to, expect.stringMatching(/^\d{4}-.*Z$/) as string]),
    );
    expect(run.document.record).toEqual({ ...status.document.record, seconds: expect.any(Number) as number });
    const again = await rebalanceRun(recordingContext().context, input());
    expect(again).toMatchObject({ outcome: 'done', document: { state: 'balanced', moves: 0, budget: null } });
  }, 60_000);

  test('goes by logical replication where blocked moves were too slow before', async () => {
    await makeRecord();
    // A hundred tries that a small budget cancelled are no reason to forget a move that came through.
    await asLogin(async (client) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO scaleout.rebalance_move (run_id, shard_id, tables, bytes, source, target, way, seconds, pause_ms, cancelled)
         SELECT 0, 0, 'readings', 1, '', '', 'blocking', 1, 90, 'over-budget' FROM generate_series(1, 100)`,
      );
      const costs = await readCosts(client);
      expect(costs.filter(({ cancelled }) => cancelled === true)).toHaveLength(20);
      expect(costs.filter(({ cancelled }) => cancelled !== true)).toHaveLength(1);
      await client.query('ROLLBACK');
    });
    await remember('blocking', 100 * GENEROUS);
    await remember('blocking', 100 * GENEROUS);
    const plan = await rebalancePlan(recordingContext().context, input({ maxMoves: 1 }));
    expect(plan.document.moves.map(({ mode }) => mode)).toEqual(['auto']);
    expect(plan.document.estimate.assumes).toMatch(/what the last 3 tries of moves in this database took/);
    const run = await rebalanceRun(recordingContext().context, input({ maxMoves: 1 }));
    expect(run.document.budget?.made.map(({ way }) => way)).toEqual(['logical']);
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  /** Makes copying the first shard that moves last for seconds on any machine: a check that takes its time as a row arrives. */
  const slowDown = async (seconds: number): Promise<number> => {
    const { id, shardId } = await idOnFirstMove();
    await asLogin((client) =>
      client.query(
        `ALTER TABLE readings ADD CONSTRAINT slow CHECK (id <> ${String(id)} OR pg_sleep(${String(seconds)})::text = '')`,
      ),
    );
    return shardId;
  };

  test('cancels a move that is not through in time, and makes it by logical replication', async () => {
    const shardId = await slowDown(4);
    const { context, events } = watchedContext();
    const run = await rebalanceRun(context, input({ maxWritePauseMs: 3000, maxMoves: 1 }));
    expect(run).toMatchObject({
      outcome: 'done',
      document: { moves: 1, budget: { made: [{ shardId, way: 'logical' }], left: [] } },
    });
    expect(run.document.budget!.made[0]!.cancelled).toContain('over-budget');
    const cancelled = events.find(({ name }) => name === 'move.cancelled');
    expect(cancelled).toMatchObject({ shard: shardId, way: 'blocking', reason: 'over-budget', again: true });
    // It was given its time, and no more than that.
    expect((cancelled as { pauseMs: number }).pauseMs).toBeGreaterThan(2600);
    expect((cancelled as { pauseMs: number }).pauseMs).toBeLessThan(3900);
    // The next plan goes by both: what was made, and what was cancelled.
    const tries = run.document.budget!.made[0]!.cancelled.length + 1;
    const plan = await rebalancePlan(recordingContext().context, input());
    expect(plan.document.estimate.assumes).toContain(`by what the last ${String(tries)} tries of moves`);
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  test('leaves a move that gets through in no way, says so, and leaves nothing of it behind', async () => {
    await asLogin((client) => client.query('ALTER TABLE readings DROP CONSTRAINT readings_pkey'));
    await slowDown(3);
    const { context, events } = watchedContext();
    const run = await rebalanceRun(context, input({ maxWritePauseMs: 1000, maxMoves: 1 }));
    expect(run).toMatchObject({
      outcome: 'failed',
      document: {
        state: 'failed',
        moves: 0,
        movesPlanned: 1,
        budget: {
          made: [],
          left: [{ tables: ['readings'], cancelled: ['over-budget', 'over-budget', 'over-budget'] }],
        },
      },
    });
    expect(run.text).toMatch(
      /did not get through within --max-write-pause 1000.*primary key.*--max-write-pause 3000/s,
    );
    expect(events.map((event) => event.name)).toEqual(
      Array.from({ length: 3 }, () => ['move.started', 'move.cancelled']).flat(),
    );
    expect(run.document.after).toEqual(run.document.before);
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  test('lets writers pass where another session holds the lock that a move needs, and comes again', async () => {
    const { id, shardId } = await idOnFirstMove();
    await withClient(database.target, async (writer) => {
      await writer.query('BEGIN');
      await writer.query('UPDATE readings SET v = $1 WHERE id = $2', ['y', id]);
      const watched = watchedContext();
      // A tenth of a minute: the move is cancelled after a third of that.
      const run = rebalanceRun(watched.context, input({ maxWritePauseMs: 6000, compareRows: false }));
      run.catch(() => undefined);
      await until(() => watched.events.some(({ name }) => name === 'move.cancelled'));
      expect(watched.events.find(({ name }) => name === 'move.cancelled')).toMatchObject({
        shard: shardId,
        reason: 'queued',
        again: true,
      });
      // Nobody is in the way of another writer of that shard now.
      await asLogin((client) => client.query("SELECT set_config('lock_timeout', '5s', false)"));
      await writer.query('COMMIT');
      const { outcome, document } = await run;
      expect({ outcome, moves: document.moves }).toEqual({ outcome: 'done', moves: 4 });
      expect(document.budget?.made.find((move) => move.shardId === shardId)?.cancelled).toContain('queued');
    });
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  test('makes moves at once where asked to, as far as this Citus lets it', async () => {
    await asLogin(async (client) => {
      await client.query('DROP TABLE readings');
      for (const table of ['lefts', 'rights']) {
        await client.query(
          `CREATE TABLE ${table} AS SELECT i AS id, repeat('x', 50) AS v FROM generate_series(1, 2000) i`,
        );
        await client.query(`ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
        await client.query(
          "SELECT create_distributed_table($1, 'id', shard_count := 3, colocate_with := 'none')",
          [table],
        );
        // All on the coordinator again.
        await client.query(
          `SELECT citus_move_shard_placement(shardid, nodename, nodeport, $2, $3, 'block_writes')
             FROM citus_shards WHERE table_name = $1::regclass AND nodeport <> $3`,
          [table, database.target.host, database.target.port],
        );
      }
    });
    const sum = (): Promise<string> =>
      one(
        'SELECT sum(hashtextextended(v || id, 0)::numeric)::text AS value FROM (TABLE lefts UNION ALL TABLE rights) AS every_row',
      );
    const before = await sum();
    await makeRecord();
    await remember('blocking', 100 * GENEROUS);
    await remember('blocking', 100 * GENEROUS);
    const run = await rebalanceRun(recordingContext().context, input({ maxParallel: 3 }));
    expect(run).toMatchObject({
      outcome: 'done',
      document: { moves: 3, budget: { left: [] }, rows: { groups: 3, same: 3, different: [] } },
    });
    expect(run.document.budget!.made.map(({ way }) => way)).toEqual(['logical', 'logical', 'logical']);
    const atOnce = (same: boolean): Promise<number> =>
      one(
        `SELECT count(*)::int AS value FROM scaleout.rebalance_move a, scaleout.rebalance_move b
          WHERE a.shard_id < b.shard_id AND (a.tables = b.tables) = $1 AND a.run_id = b.run_id AND a.run_id > 1
            AND a.ended_at > b.ended_at - b.seconds * interval '1 s' AND b.ended_at > a.ended_at - a.seconds * interval '1 s'`,
        [same],
      );
    expect(await atOnce(false)).toBeGreaterThan(0);
    const several = await one<boolean>(
      "SELECT string_to_array(split_part(extversion, '-', 1), '.')::int[] >= '{13,2}' AS value FROM pg_extension WHERE extname = 'citus'",
    );
    expect((await atOnce(true)) > 0).toBe(several);
    expect(run.document.after.map(({ shards }) => shards)).toEqual([2, 2, 2]);
    expect([await sum(), await leftovers()]).toEqual([before, 0]);
  }, 60_000);

  test('moves no shard before Citus has settled what a lost session left prepared on its node', async () => {
    const { id, shardId } = await idOnFirstMove();
    const gid = 'citus_7_1_1_1';
    await withClient(database.platform, async (lost) => {
      await lost.query(
        'SET citus.enable_manual_changes_to_shards TO on; SET citus.override_table_visibility TO off',
      );
      await lost.query('BEGIN');
      await lost.query(`UPDATE readings_${String(shardId)} SET v = 'settled' WHERE id = $1`, [id]);
      await lost.query(`PREPARE TRANSACTION '${gid}'`);
      const { context, infos } = recordingContext();
      const run = rebalanceRun(context, input({ maxMoves: 1, compareRows: false }));
      run.catch(() => undefined);
      await until(() => infos.some((info) => info.includes('left prepared')));
      expect(await one('SELECT count(*)::int AS value FROM scaleout.rebalance_move')).toBe(0);
      await lost.query(`COMMIT PREPARED '${gid}'`);
      expect((await run).outcome).toBe('done');
    });
    expect(await one('SELECT v AS value FROM readings WHERE id = $1', [id])).toBe('settled');
  }, 60_000);

  test('does not block writes while somebody reads what an earlier move left', async () => {
    const { shardId } = await idOnFirstMove();
    await withClient(database.target, async (reader) => {
      await reader.query('BEGIN');
      await reader.query('SELECT count(*) FROM readings');
      const run = await rebalanceRun(recordingContext().context, input());
      // The first one is free to go; what it leaves is read by then.
      const ways = run.document.budget!.made.map(({ way, shardId: moved }) => [moved, way]);
      expect(ways[0]).toEqual([shardId, 'blocking']);
      expect(ways.slice(1).map(([, way]) => way)).toEqual(['logical', 'logical', 'logical']);
      expect(await leftovers()).toBeGreaterThan(0);
      await reader.query('COMMIT');
    });
    await asLogin((client) => client.query('CALL citus_cleanup_orphaned_resources()'));
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 120_000);

  test('a table without identity is moved with writes blocked, where a job would be refused', async () => {
    await asLogin((client) => client.query('ALTER TABLE readings DROP CONSTRAINT readings_pkey'));
    const run = await rebalanceRun(recordingContext().context, input());
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 4 } });
    // With what that took, a budget of a moment is refused before the first move.
    await asLogin((client) => client.query('UPDATE scaleout.rebalance_move SET pause_ms = 10000'));
    await asLogin((client) =>
      client.query(
        `SELECT citus_move_shard_placement(shardid, nodename, nodeport, $1, $2, 'block_writes')
           FROM citus_shards WHERE nodeport <> $2 LIMIT 1`,
        [database.target.host, database.target.port],
      ),
    );
    const refusedRun = rebalanceRun(recordingContext().context, input({ maxWritePauseMs: 100 }));
    await expect(refusedRun).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/cannot be kept within --max-write-pause 100: .*primary key/) as string,
    });
  }, 60_000);

  /** A run whose first move waits for a writer that stays in its transaction until it is told. */
  const heldUp = async (
    work: (release: () => Promise<unknown>, run: ReturnType<typeof rebalanceRun>) => Promise<void>,
    more: Partial<RebalanceRunInput> = {},
  ): Promise<void> => {
    const { id } = await idOnFirstMove();
    await withClient(database.target, async (writer) => {
      await writer.query('BEGIN');
      await writer.query('UPDATE readings SET v = $1 WHERE id = $2', ['z', id]);
      const run = rebalanceRun(recordingContext().context, input({ compareRows: false, ...more }));
      run.catch(() => undefined);
      await until(async () => (await status()).running.length > 0);
      await work(() => writer.query('COMMIT'), run).catch(async (error: unknown) => {
        // A run that goes on, or waits, would be in the way of what comes next, and of the message.
        await writer.query('COMMIT');
        await rebalanceStop(recordingContext().context, target());
        throw error;
      });
    });
  };
  const watching = (stdout: Terminal, json = false): RebalanceWatchInput => ({
    ...target(),
    intervalMs: 50,
    stdout,
    json,
  });
  const status = async () => (await rebalanceStatus(recordingContext().context, target())).document;

  test('pauses, goes on and stops between two moves when another session says so', async () => {
    await heldUp(async (release, run) => {
      const log = recordingStream(false);
      const watcher = recordingContext();
      const watched = rebalanceWatch(watcher.context, watching(log));
      await until(() => log.written.length > 0);
      const pause = await rebalancePause(recordingContext().context, target());
      expect(pause.text).toMatch(/pauses after the move/);
      await release();
      await until(async () => (await status()).run?.paused === true);
      const paused = await status();
      expect(paused).toMatchObject({ moves: { done: 1, total: 4 }, running: [] });
      expect(paused.warnings).toEqual(['"scaleout rebalance resume" lets it go on']);
      // Three moves are to come, and none of them goes on.
      expect(paused.secondsLeft).toBeGreaterThan(0);
      expect((await status()).secondsLeft).toBe(paused.secondsLeft);
      expect(paused.nodes.map(({ shards }) => shards).sort()).toEqual([0, 1, 5]);
      expect(paused.planned.map(({ shards }) => shards)).toEqual([2, 2, 2]);
      await until(() => log.written.join('').includes('Run 1 paused'));
      await cutSessions('^scaleout rebalance status');
      await until(() => watcher.infos.includes('the coordinator is back'));
      expect(watcher.warnings.join()).toMatch(
        /the coordinator went away, and this looks again until it is back/,
      );
      const resumed = await rebalanceResume(recordingContext().context, target());
      expect(resumed.text).toMatch(/goes on\.$/);
      expect((await run).document).toMatchObject({ state: 'finished', moves: 4 });
      expect(await watched).toMatchObject({ outcome: 'done', document: { moves: { done: 4, total: 4 } } });
      expect(log.written[0]).toMatch(/^Run 1 running: 0 of 4 moves, 0 B of .* now moving shard .*\n$/);
      expect(log.written.join('')).toMatch(
        /\n! it is asked to pause\n(.*\n)*Run 1 paused: 1 of 4 .* left once it goes on\n/,
      );
    });
    const nothing = await rebalancePause(recordingContext().context, target());
    expect(nothing.document).toMatchObject({ run: null, job: null });
    const resumed = await rebalanceResume(recordingContext().context, target());
    expect(resumed).toMatchObject({ outcome: 'done', document: { run: null, result: null } });
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('stops after its move, and resume does what is left with the same options', async () => {
    await heldUp(
      async (release, run) => {
        const { context, abort } = recordingContext();
        const watched = rebalanceWatch(context, watching(recordingStream(true)));
        abort.abort();
        await expect(watched).rejects.toThrow(/stopped watching, and the rebalance goes on/);
        const stop = rebalanceStop(recordingContext().context, target());
        await until(async () => (await status()).warnings.length > 0);
        await release();
        expect((await stop).text).toMatch(/has ended after 1 of 3 moves, which stay/);
        expect(await run).toMatchObject({
          outcome: 'failed',
          document: { state: 'cancelled', problem: expect.stringMatching(/1 of 3 moves are done/) as string },
        });
      },
      { maxMoves: 3 },
    );
    expect((await status()).record).toMatchObject({ request: 'stop', requestedBy: database.target.user });
    const recorded = recordingContext();
    const resumed = await rebalanceResume(recorded.context, target());
    expect(recorded.infos.join()).toMatch(/going on with run 1, which is stopped, with its options/);
    expect(resumed.document.result).toMatchObject({ state: 'finished', movesPlanned: 2, rows: null });
    expect(await rows()).toBe(2000);
  }, 60_000);

  test('begins in its hours, waits for them where asked to, and keeps to its rate', async () => {
    const minute = Math.floor(Date.now() / 60_000) % 1440;
    // In two hours and for one hour, whenever this runs.
    const hours = { from: (minute + 120) % 1440, to: (minute + 180) % 1440, zone: 'UTC' };
    const early = await rebalanceRun(recordingContext().context, input({ hours }));
    expect(early).toMatchObject({
      outcome: 'done',
      document: { state: 'out-of-hours', moves: 0, movesPlanned: 4, rows: null, budget: { made: [] } },
    });
    const opensInMs = Date.parse(early.document.budget!.opensAt!) - Date.now();
    expect(Math.abs(opensInMs / 3_600_000 - 2)).toBeLessThan(0.1);
    expect(early.text).toMatch(
      /0 of 4 moves are done and stay\. It opens at .*with --wait\.\n\nnode +address +shards +size\n/,
    );

    const waiting = recordingContext();
    const waits = rebalanceRun(waiting.context, input({ hours, waitForHours: true, compareRows: false }));
    waits.catch(() => undefined);
    await until(async () => (await status()).running[0]?.includes('waiting for the hours') === true);
    await rebalanceStop(recordingContext().context, target());
    expect((await waits).document).toMatchObject({ state: 'cancelled', moves: 0 });
    const again: Recorded = watchedContext();
    const interrupted = rebalanceRun(again.context, input({ hours, waitForHours: true, compareRows: false }));
    interrupted.catch(() => undefined);
    await until(async () => (await status()).running[0]?.includes('waiting for the hours') === true);
    again.abort.abort();
    await expect(interrupted).rejects.toThrow(InterruptedError);

    const open = { from: (minute + 1380) % 1440, to: (minute + 60) % 1440, zone: 'UTC' };
    const plan = await rebalancePlan(recordingContext().context, input());
    const bytes = plan.document.moves.reduce((sum, move) => sum + move.bytes, 0);
    const run = await rebalanceRun(
      recordingContext().context,
      input({ hours: open, bytesPerSecond: bytes / 3 }),
    );
    expect(run).toMatchObject({ outcome: 'done', document: { state: 'finished', moves: 4 } });
    expect(run.document.seconds).toBeGreaterThanOrEqual(2.99);
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  test('a probe writes into the group that moves, is seen in the record, and leaves nothing', async () => {
    // As a run leaves it that was killed.
    await makeRecord();
    await asLogin((client) =>
      client.query(
        "CREATE TABLE scaleout.rebalance_probe_1 (key bigint PRIMARY KEY, at timestamptz); SELECT create_distributed_table('scaleout.rebalance_probe_1', 'key', colocate_with := 'readings')",
      ),
    );
    const plan = await rebalancePlan(recordingContext().context, input());
    expect(plan.document.moves.map(({ tables }) => tables)).toEqual([
      ['readings'],
      ['readings'],
      ['readings'],
    ]);
    const slow = await slowDown(2);
    const { context, events } = recordingContext();
    const run = await rebalanceRun(context, input({ probeWrites: true }));
    expect(run).toMatchObject({ outcome: 'done', document: { moves: 3, rows: { same: 3, different: [] } } });
    const { writers, moves } = run.document.record!;
    expect(writers).toMatchObject({ failed: 0, writes: expect.any(Number) as number });
    // The writes that were due as the slow one began waited for as long as it blocked them, less what they were late.
    const longest = moves.find(({ shardId }) => shardId === slow)!.writePauseMs!;
    expect(longest).toBeGreaterThan(2000);
    expect(writers!.longestMs).toBeGreaterThan(1500);
    expect(writers!.p50Ms).toBeLessThanOrEqual(writers!.p99Ms);
    expect(run.text).toMatch(/Writes of the probe: half within .*, the longest [12],\d{3} ms\./);
    expect(events.filter(({ name }) => name === 'writers.felt')).toHaveLength(3);
    expect([await rows(), await leftovers(), await probes()]).toEqual([2000, 0, 0]);
  }, 60_000);

  test('asks first; Ctrl-C ends it between two moves, and the next run does the rest', async () => {
    const asked = recordingContext();
    const confirm = (): Promise<boolean> => Promise.resolve(false);
    await expect(rebalanceRun({ ...asked.context, confirm }, input({ ask: true }))).rejects.toMatchObject({
      code: 'input.declined',
    });
    expect(asked.infos.join('\n')).toMatch(/^4 moves of .* by by_shard_count/m);
    const { host, port, user, password, database: name } = database.target;
    const unasked = await scaleout(['rebalance', 'run', '--strategy', 'by_shard_count'], {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: name,
    });
    expect(unasked).toMatchObject({ status: 1, stdout: '' });
    expect(unasked.stderr).toMatch(/^ *4 moves of .*[^]*no terminal to ask: add --yes; nothing was changed/m);
    expect((await status()).nodes.map(({ shards }) => shards)).toEqual([6, 0, 0]);
    const first: Recorded = watchedContext(() => first.abort.abort());
    await expect(rebalanceRun(first.context, input())).rejects.toThrow(InterruptedError);
    expect(await status()).toMatchObject({ run: { state: 'stopped' }, moves: { done: 1, total: 4 } });
    const screen = recordingStream(true);
    const { context } = recordingContext();
    const second = await rebalanceRun({ ...context, reporter: streamReporter(screen) }, input());
    expect(second).toMatchObject({ outcome: 'done', document: { moves: 3 } });
    expect(screen.written.join('')).toMatch(/Moving shards.*\n\[#+\] 3 of 3 moves, 0 under way, 0 to come\n/);
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
  }, 60_000);

  test('killed in the middle of a move with its probe, it is said to be cut off, and the next run ends it and drops that', async () => {
    const { id } = await idOnFirstMove();
    await withClient(database.target, async (writer) => {
      // The first move waits for this writer, so that the kill falls into it.
      await writer.query('BEGIN');
      await writer.query('UPDATE readings SET v = $1 WHERE id = $2', ['z', id]);
      const child = spawn(
        process.execPath,
        [
          path.join(__dirname, 'rebalance-child.js'),
          JSON.stringify(input({ compareRows: false, probeWrites: true })),
        ],
        { env: testEnvironment(), stdio: 'ignore' },
      );
      const exit = once(child, 'exit');
      await until(
        async () => (await rebalanceStatus(recordingContext().context, target())).document.running.length > 0,
      );
      child.kill('SIGKILL');
      await exit;
      await writer.query('COMMIT');
      expect(await probes()).toBe(1);
    });
    await until(
      async () =>
        (await rebalanceStatus(recordingContext().context, target())).document.run?.state === 'cut off',
    );
    const after = await rebalanceStatus(recordingContext().context, target());
    expect(after.text).toMatch(/its session is gone/i);
    const stop = await rebalanceStop(recordingContext().context, target());
    expect(stop.document).toMatchObject({ job: null, run: null });
    const { outcome, document } = await rebalanceResume(recordingContext().context, target());
    expect(outcome).toBe('done');
    expect(document.result?.after.map(({ shards }) => shards)).toEqual([2, 2, 2]);
    expect([await rows(), await leftovers(), await probes()]).toEqual([2000, 0, 0]);
  }, 60_000);

  test('cut off again and again, tool or session, it loses nothing and comes to its end', async () => {
    const before = await one(
      'SELECT sum(hashtextextended(readings::text, 0)::numeric)::text AS value FROM readings',
    );
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(
        process.execPath,
        [path.join(__dirname, 'rebalance-child.js'), JSON.stringify(input({ compareRows: false }))],
        { env: testEnvironment(), stdio: 'ignore' },
      );
      const exit = once(child, 'exit');
      // Anywhere from before its first look to after its last move.
      await sleep(400 + Math.random() * 2600);
      if (round % 2 === 0) child.kill('SIGKILL');
      else await cutSessions('^scaleout rebalance (run|guard)');
      await exit;
      // Its session holds the lock of a run until the server has noticed.
      await until(async () =>
        one(
          "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'scaleout rebalance run') AS value",
        ),
      );
    }
    const run = await rebalanceRun(recordingContext().context, input());
    expect(run.outcome).toBe('done');
    expect(run.document.after.map(({ shards }) => shards)).toEqual([2, 2, 2]);
    expect(
      await one('SELECT sum(hashtextextended(readings::text, 0)::numeric)::text AS value FROM readings'),
    ).toBe(before);
    await asLogin((client) => client.query('CALL citus_cleanup_orphaned_resources()'));
    expect([await rows(), await leftovers()]).toEqual([2000, 0]);
    // No shard is anywhere but where it belongs.
    const copies = await one<number>(
      `SELECT sum(result::int)::int AS value
         FROM run_command_on_all_nodes($$SELECT count(*) FROM pg_class WHERE relname ~ '^readings_[0-9]+$' AND relkind = 'r'$$)`,
    );
    expect(copies).toBe(6);
  }, 120_000);

  test('moves one table, or off one node, and refuses names that are none', async () => {
    await asLogin((client) =>
      client.query(
        "CREATE TABLE others (id int PRIMARY KEY); SELECT create_distributed_table('others', 'id', shard_count := 3, colocate_with := 'none')",
      ),
    );
    const only = await rebalancePlan(recordingContext().context, input({ only: 'readings' }));
    expect(only.document.moves.flatMap(({ tables }) => tables)).toEqual(
      Array.from({ length: 4 }, () => 'readings'),
    );
    for (const [more, message] of [
      [{ only: 'nothing' }, /--only nothing is no distributed table/],
      [{ drain: 'w9' }, /--drain w9 is no node.*coordinator, w0 or w1/],
      [{ drain: 'w0' }, /w0 is to hold shards/],
    ] as const) {
      await expect(rebalancePlan(recordingContext().context, input(more))).rejects.toThrow(message);
    }
    await withClient(database.platform, (client) =>
      client.query(
        "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM pg_dist_node WHERE groupid = 0",
      ),
    );
    const drained = await rebalanceRun(recordingContext().context, input({ drain: 'coordinator' }));
    expect(drained.outcome).toBe('done');
    expect(drained.document.after[0]?.shards).toBe(0);
    expect(await rows()).toBe(2000);
  }, 60_000);
});
