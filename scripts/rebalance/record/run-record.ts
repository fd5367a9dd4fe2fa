import { escapeIdentifier } from 'pg';
import type { Client } from 'pg';
import { z } from 'zod';
import type { Move } from '../../citus/moves';
import { nodeName } from '../../citus/nodes';
import { readRows } from '../../citus/rows';
import { createRecordTable } from '../../database/model/own-schema';
import { withTransaction } from '../../lib/connection';
import { ScaleoutError, sqlStateOf } from '../../lib/errors';
import type { Cancelled } from '../cost/budget';
import type { CopyWay, MoveCosts } from '../cost/move-cost';
import { REBALANCE_WAYS } from '../cost/ways';
import type { RebalanceWay } from '../cost/ways';

/**
 * What runs did, kept in the database for whoever looks later and from wherever: what moved, when, how long, for whom, and what writers felt.
 * It is also where other sessions ask a run under a budget to stop, what `rebalance resume` goes on with, and where the next run learns what
 * moves cost here. Of a move that a job made while nobody followed it, the job alone tells, and not when.
 */
const CREATE = [
  ...createRecordTable(`IF NOT EXISTS scaleout.rebalance_run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, role text NOT NULL DEFAULT current_user, login text NOT NULL DEFAULT session_user,
  application text NOT NULL DEFAULT current_setting('application_name'), pid int NOT NULL DEFAULT pg_backend_pid(),
  way text NOT NULL, job_id float8, strategy text NOT NULL, options json NOT NULL, max_write_pause_ms float8,
  moves int NOT NULL, bytes float8 NOT NULL, planned json NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(), finished_at timestamptz,
  state text NOT NULL DEFAULT 'running', request text NOT NULL DEFAULT '', requested_by text, problem text NOT NULL DEFAULT '',
  doing text NOT NULL DEFAULT '', doing_shard float8, doing_since timestamptz, seconds_left float8, writers json)`),
  `CREATE TABLE IF NOT EXISTS scaleout.rebalance_move (
  run_id bigint NOT NULL, shard_id float8 NOT NULL, tables text NOT NULL, bytes float8 NOT NULL, source text NOT NULL, target text NOT NULL,
  way text NOT NULL, ended_at timestamptz NOT NULL DEFAULT clock_timestamp(), seconds float8 NOT NULL, pause_ms float8,
  cancelled text)`,
];

/** What another session asks of a run. */
export const REQUESTS = ['', 'stop', 'pause'] as const;
export type RunRequest = (typeof REQUESTS)[number];

/** What a run is at that waits to be let go on, as {@link RunRecord.doing} has it. */
export const PAUSED = 'paused';

/** How a run ended, or that it has not. */
export const RUN_STATES = ['running', 'finished', 'failed', 'stopped', 'out-of-hours'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** One try of a move as it is kept. */
export interface RecordedTry {
  readonly shardId: number;
  readonly tables: readonly string[];
  readonly bytes: number;
  /** `name:port` */
  readonly source: string;
  readonly target: string;
  readonly way: CopyWay;
  readonly seconds: number;
  /** Null where nobody measured, as of a move of a job. */
  readonly pauseMs: number | null;
  readonly cancelled: Cancelled | null;
}

/** What a run was asked for, as {@link NewRun.options} keeps it for `rebalance resume`. */
export type RecordedOptions = Readonly<Record<string, unknown>>;

export interface NewRun {
  readonly way: RebalanceWay;
  /** The job that makes the moves; null where this program does. */
  readonly job: number | null;
  readonly strategy: string;
  readonly options: RecordedOptions;
  /** Null where there is no budget. */
  readonly maxWritePauseMs: number | null;
  readonly moves: readonly Pick<Move, 'shardId' | 'tables' | 'bytes' | 'from' | 'to'>[];
  /** What a probe felt by now, which is noted after each move. @default - there is none */
  readonly writers?: (() => WriterLatency | null) | undefined;
}

/** Of a job that nobody followed to its end, the job itself says how it ended. */
const CUT_OFF = `
UPDATE scaleout.rebalance_run SET state = 'failed', finished_at = clock_timestamp(),
       problem = CASE WHEN job_id IS NULL THEN 'the run was cut off' ELSE 'nobody followed its job to the end' END WHERE state = 'running'`;

const INSERT = `
INSERT INTO scaleout.rebalance_run (way, job_id, strategy, options, max_write_pause_ms, moves, bytes, planned)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING run_id::text AS id`;

/** A follower that comes later goes on with the record of the job. */
const GO_ON = `
UPDATE scaleout.rebalance_run SET state = 'running', problem = '', finished_at = NULL, pid = pg_backend_pid() WHERE job_id = $1 RETURNING run_id::text AS id`;

/** The record of one run. Where this role may keep none, a run goes on without. */
export class RunRecord {
  private readonly client: Client;
  private readonly id: string | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private readonly writers: NewRun['writers'];

  private constructor(client: Client, id: string | undefined, writers?: NewRun['writers']) {
    this.client = client;
    this.id = id;
    this.writers = writers;
  }

  /**
   * Begins the record. The caller holds the advisory lock `rebalance`, so that any other run that is still
   * open was cut off.
   */
  static async begin(client: Client, run: NewRun): Promise<RunRecord> {
    const { way, job, strategy, options, maxWritePauseMs, moves, writers } = run;
    const planned = moves.map(({ shardId, tables, bytes, from, to }) => ({
      shardId,
      tables,
      bytes,
      from: nodeName(from),
      to: nodeName(to),
    }));
    const bytes = moves.reduce((sum, move) => sum + move.bytes, 0);
    try {
      const id = await withTransaction(client, async () => {
        for (const statement of CREATE) await client.query(statement);
        await client.query(CUT_OFF);
        const { rows } = await client.query<{ id: string }>(INSERT, [
          way,
          job,
          strategy,
          JSON.stringify(options),
          maxWritePauseMs,
          moves.length,
          bytes,
          JSON.stringify(planned),
        ]);
        return rows[0]?.id;
      });
      return new RunRecord(client, id, writers);
    } catch (error) {
      // No right to create in the database, or to write in a table of another owner.
      if (sqlStateOf(error) !== '42501') throw error;
      return new RunRecord(client, undefined);
    }
  }

  /** Goes on with the record of a job that another session of this program started; without one, where nobody did. */
  static async ofJob(client: Client, job: number): Promise<RunRecord> {
    if (!(await isThere(client))) return new RunRecord(client, undefined);
    try {
      const { rows } = await client.query<{ id: string }>(GO_ON, [job]);
      return new RunRecord(client, rows[0]?.id);
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error;
      return new RunRecord(client, undefined);
    }
  }

  get isKept(): boolean {
    return this.id !== undefined;
  }

  /**
   * What the run is at, for other sessions.
   *
   * @param shardId of the move that is next; null where none is, as in a pause, in which the time that is left does not go by
   * @returns what they ask of it
   */
  async doing(what: string, shardId: number | null, secondsLeft: number | null): Promise<RunRequest> {
    const [row] = await this.update(
      'UPDATE scaleout.rebalance_run SET doing = $2, doing_shard = $3, seconds_left = $4, doing_since = clock_timestamp() WHERE run_id = $1 RETURNING request',
      [what, shardId, secondsLeft],
    );
    return row?.request ?? '';
  }

  async add(tried: RecordedTry): Promise<void> {
    const { shardId, tables, bytes, source, target, way, seconds, pauseMs, cancelled } = tried;
    await this.update(
      `INSERT INTO scaleout.rebalance_move (run_id, shard_id, tables, bytes, source, target, way, seconds, pause_ms, cancelled)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [shardId, tables.join(', '), bytes, source, target, way, seconds, pauseMs, cancelled],
    );
    await this.noteWriters();
  }

  private async noteWriters(): Promise<void> {
    const writers = this.writers?.() ?? null;
    if (writers === null) return;
    await this.update('UPDATE scaleout.rebalance_run SET writers = $2 WHERE run_id = $1', [
      JSON.stringify(writers),
    ]);
  }

  async end(state: RunState, problem: string): Promise<void> {
    await this.noteWriters();
    await this.update(
      `UPDATE scaleout.rebalance_run SET state = $2, problem = $3, finished_at = clock_timestamp(), doing = '', doing_shard = NULL, seconds_left = NULL WHERE run_id = $1`,
      [state, problem],
    );
  }

  /** One after another: moves that are made at once report when they please. */
  private async update(sql: string, values: unknown[]): Promise<{ readonly request?: RunRequest }[]> {
    const { id } = this;
    if (id === undefined) return [];
    const answer = this.last.then(() => this.client.query<{ request?: RunRequest }>(sql, [id, ...values]));
    this.last = answer.catch(() => undefined);
    return (await answer).rows;
  }
}

/** By names in the catalogs, which every role may read, whatever it may do in the schema. */
const RIGHTS = `
SELECT current_user::text AS role, count(*) = 2 AS there,
       coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')), false) AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'scaleout' AND c.relname IN ('rebalance_run', 'rebalance_move')`;

const rights = z.object({ role: z.string(), there: z.boolean(), readable: z.boolean() });

async function readRights(client: Client): Promise<z.infer<typeof rights>> {
  const [found] = await readRows(client, rights, RIGHTS);
  return found ?? { role: '', there: false, readable: false };
}

/** Another role's record is none of ours to read. */
async function isThere(client: Client): Promise<boolean> {
  const { there, readable } = await readRights(client);
  return there && readable;
}

const copyWay = z.enum(['blocking', 'logical']);

const sampleRow = z.object({
  way: copyWay,
  bytes: z.number(),
  seconds: z.number(),
  pauseMs: z.number(),
  cancelled: z.boolean(),
});

/** Tries of earlier runs to learn from, of each way and of each end. */
const LEARN_FROM = 20;

/**
 * A try that waited for other sessions tells nothing of what a move costs. Many tries that a small budget cancelled do not push out the moves
 * that came through under a larger one.
 */
const SAMPLES = `
SELECT way, bytes, seconds, pause_ms AS "pauseMs", cancelled IS NOT NULL AS cancelled
  FROM (SELECT *, row_number() OVER (PARTITION BY way, cancelled IS NOT NULL ORDER BY ended_at DESC) AS place FROM scaleout.rebalance_move
         WHERE coalesce(cancelled, 'over-budget') = 'over-budget' AND pause_ms IS NOT NULL) m
 WHERE place <= $1 ORDER BY ended_at DESC`;

/** What the last moves in this database cost, and tries that were cancelled for their budget, oldest first. */
export async function readCosts(client: Client): Promise<MoveCosts> {
  if (!(await isThere(client))) return [];
  const rows = await readRows(client, sampleRow, SAMPLES, [LEARN_FROM]);
  return rows.reverse().map(({ cancelled, ...sample }) => (cancelled ? { ...sample, cancelled } : sample));
}

const writerLatency = z.object({
  writes: z.number(),
  failed: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  longestMs: z.number(),
});

/** What the writes of a probe had to wait for their answer, from when each was due. */
export type WriterLatency = Readonly<z.infer<typeof writerLatency>>;

const runRow = z.object({
  id: z.number(),
  way: z.enum(REBALANCE_WAYS),
  job: z.number().nullable(),
  /** Whose rights it had, and who logged in. */
  role: z.string(),
  login: z.string(),
  application: z.string(),
  strategy: z.string(),
  options: z.record(z.string(), z.unknown()),
  /** Null once its session is gone, whatever the record says. */
  pid: z.number().nullable(),
  state: z.enum(RUN_STATES),
  request: z.enum(REQUESTS),
  /** Who asked for that last. */
  requestedBy: z.string().nullable(),
  problem: z.string(),
  doing: z.string(),
  doingShard: z.number().nullable(),
  maxWritePauseMs: z.number().nullable(),
  movesPlanned: z.number(),
  movesDone: z.number(),
  cancelledTries: z.number(),
  bytesPlanned: z.number(),
  bytesDone: z.number(),
  longestWritePauseMs: z.number(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  seconds: z.number(),
  secondsLeft: z.number().nullable(),
  writers: writerLatency.nullable(),
});

/** A run as its record says. */
export type RecordedRun = z.infer<typeof runRow>;

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** Of a row of pg_locks: a run holds it from before its plan to its end. */
const IS_LOCK = `l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended('scaleout rebalance', 0)`;

/** The last run. Its session holds the advisory lock of a rebalance as long as it lives, which tells a run that was cut off. */
const LAST_RUN = `
SELECT r.run_id::float8 AS id, r.way, r.job_id AS job, r.role, r.login, r.application, r.strategy, r.options, r.state, r.request,
       r.requested_by AS "requestedBy", r.problem, r.doing, r.doing_shard AS "doingShard", r.max_write_pause_ms AS "maxWritePauseMs", r.writers,
       (SELECT l.pid FROM pg_locks l WHERE l.pid = r.pid AND ${IS_LOCK} LIMIT 1) AS pid,
       r.moves AS "movesPlanned", r.bytes AS "bytesPlanned",
       CASE WHEN r.seconds_left IS NULL OR r.doing_shard IS NULL THEN r.seconds_left
            ELSE greatest(0, r.seconds_left - extract(epoch FROM clock_timestamp() - r.doing_since)) END::float8 AS "secondsLeft",
       m.done AS "movesDone", m.cancelled AS "cancelledTries", m.bytes AS "bytesDone", m.longest AS "longestWritePauseMs",
       to_char(r.started_at AT TIME ZONE 'UTC', ${ISO}) AS "startedAt", to_char(r.finished_at AT TIME ZONE 'UTC', ${ISO}) AS "finishedAt",
       extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.started_at)::float8 AS seconds
  FROM scaleout.rebalance_run r,
       LATERAL (SELECT count(*) FILTER (WHERE m.cancelled IS NULL)::int AS done, count(m.cancelled)::int AS cancelled,
                       coalesce(sum(m.bytes) FILTER (WHERE m.cancelled IS NULL), 0)::float8 AS bytes,
                       coalesce(max(m.pause_ms), 0)::float8 AS longest
                  FROM scaleout.rebalance_move m WHERE m.run_id = r.run_id) m
 ORDER BY r.run_id DESC LIMIT 1`;

/** The last run, in whichever way; undefined where none has been. */
export async function readLastRun(client: Client): Promise<RecordedRun | undefined> {
  return (await isThere(client)) ? readNewest(client) : undefined;
}

async function readNewest(client: Client): Promise<RecordedRun | undefined> {
  return (await readRows(client, runRow, LAST_RUN))[0];
}

/**
 * The same for those who say of it whether anything is at work.
 *
 * @throws ScaleoutError where this role may not read the record
 */
export async function readLastRunSurely(client: Client): Promise<RecordedRun | undefined> {
  const { role, there, readable } = await readRights(client);
  if (there && !readable) {
    const grantee = escapeIdentifier(role);
    throw new ScaleoutError(
      'rebalance.record-hidden',
      `role ${role} may not read the record of rebalances, so it cannot tell whether one is under way. Ask as the role that runs them, or have it run ` +
        `GRANT USAGE ON SCHEMA scaleout TO ${grantee}; GRANT SELECT ON scaleout.rebalance_run, scaleout.rebalance_move TO ${grantee} (to stop and to pause, UPDATE on scaleout.rebalance_run as well). Nothing was changed`,
    );
  }
  return there ? readNewest(client) : undefined;
}

/** The session of a run that has no record that says so: it plans, or asks somebody, or its role may keep none. */
export async function readUnrecordedSession(client: Client): Promise<number | undefined> {
  const row = z.object({ pid: z.number() });
  return (await readRows(client, row, `SELECT l.pid FROM pg_locks l WHERE ${IS_LOCK} LIMIT 1`))[0]?.pid;
}

/** A run that no other session reaches, as a sentence without its end. */
export function unrecorded(pid: number): string {
  return (
    `session ${String(pid)} is at a rebalance that has no record yet (it plans, or waits for an answer), or keeps none as its role may not: ` +
    `Ctrl-C where it was started ends it, and so does SELECT pg_terminate_backend(${String(pid)})`
  );
}

/** Whether a session of this program is at work on it, which other sessions can ask to stop or to pause. */
export function isAtWork({ state, pid, job }: Pick<RecordedRun, 'state' | 'pid' | 'job'>): boolean {
  return state === 'running' && pid !== null && job === null;
}

/** Whether a run waits between two moves until it is let go on. */
export function isPaused(run: Pick<RecordedRun, 'state' | 'pid' | 'job' | 'doing'>): boolean {
  return isAtWork(run) && run.doing === PAUSED;
}

/** Asks a run to stop after its current move, to pause there, or (with nothing) to go on. */
export async function askRun(
  client: Client,
  { id }: Pick<RecordedRun, 'id'>,
  request: RunRequest,
): Promise<void> {
  await client.query(
    'UPDATE scaleout.rebalance_run SET request = $2, requested_by = session_user WHERE run_id = $1',
    [id, request],
  );
}

const plannedMove = z.object({
  shardId: z.number(),
  tables: z.array(z.string()),
  bytes: z.number(),
  /** `name:port` */
  from: z.string(),
  to: z.string(),
});

/** A move that a run set out to make. */
export type PlannedMove = Readonly<z.infer<typeof plannedMove>>;

const triedMove = plannedMove.extend({
  way: copyWay,
  endedAt: z.string(),
  seconds: z.number(),
  writePauseMs: z.number().nullable(),
  cancelled: z.enum(['over-budget', 'queued', 'busy']).nullable(),
});

/** A try of a move as the record tells of it. */
export type TriedMove = Readonly<z.infer<typeof triedMove>>;

const RUN_MOVES = `
SELECT r.planned,
       coalesce((SELECT json_agg(json_build_object(
                          'shardId', m.shard_id, 'tables', string_to_array(m.tables, ', '), 'bytes', m.bytes, 'from', m.source, 'to', m.target,
                          'way', m.way, 'endedAt', to_char(m.ended_at AT TIME ZONE 'UTC', ${ISO}), 'seconds', m.seconds,
                          'writePauseMs', m.pause_ms, 'cancelled', m.cancelled) ORDER BY m.ended_at)
                   FROM scaleout.rebalance_move m WHERE m.run_id = r.run_id), '[]') AS tried
  FROM scaleout.rebalance_run r WHERE r.run_id = $1`;

/** What a run set out to do, and each try, in the order of their ends. */
export interface RunMoves {
  readonly planned: readonly PlannedMove[];
  readonly tried: readonly TriedMove[];
}

/** The moves of a run that has a record. */
export async function readRunMoves(client: Client, { id }: Pick<RecordedRun, 'id'>): Promise<RunMoves> {
  const row = z.object({ planned: z.array(plannedMove), tried: z.array(triedMove) });
  const [found] = await readRows(client, row, RUN_MOVES, [id]);
  return found ?? { planned: [], tried: [] };
}
