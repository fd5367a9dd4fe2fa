import type { Client } from 'pg';
import { z } from 'zod';
import { readRows } from '../citus/rows';
import { createRecordTable } from '../database/model/own-schema';
import { withTransaction } from '../lib/connection';
import { sqlStateOf } from '../lib/errors';
import type { Cancelled } from './budget';
import type { CopyWay, MoveCosts } from './move-cost';

/**
 * What runs under a budget did, kept in the database for whoever looks later and from wherever: what moved, when, how long, for whom, and
 * what writers felt. It is also where other sessions ask a run to stop, and where the next run learns what moves cost here.
 */
const CREATE = [
  ...createRecordTable(`IF NOT EXISTS scaleout.rebalance_run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, role text NOT NULL DEFAULT current_user, pid int NOT NULL DEFAULT pg_backend_pid(),
  strategy text NOT NULL, max_write_pause_ms float8 NOT NULL, moves int NOT NULL, bytes float8 NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(), finished_at timestamptz,
  state text NOT NULL DEFAULT 'running', request text NOT NULL DEFAULT '', problem text NOT NULL DEFAULT '',
  doing text NOT NULL DEFAULT '', seconds_left float8)`),
  `CREATE TABLE IF NOT EXISTS scaleout.rebalance_move (
  run_id bigint NOT NULL, shard_id float8 NOT NULL, tables text NOT NULL, bytes float8 NOT NULL, source text NOT NULL, target text NOT NULL,
  way text NOT NULL, ended_at timestamptz NOT NULL DEFAULT clock_timestamp(), seconds float8 NOT NULL, pause_ms float8 NOT NULL,
  cancelled text)`,
];

/** What another session asks of a run. */
export const REQUESTS = ['', 'stop', 'pause'] as const;
export type RunRequest = (typeof REQUESTS)[number];

/** How a run ended, or that it has not. */
export const RUN_STATES = ['running', 'finished', 'failed', 'stopped'] as const;
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
  readonly pauseMs: number;
  readonly cancelled: Cancelled | null;
}

export interface NewRun {
  readonly strategy: string;
  readonly maxWritePauseMs: number;
  readonly moves: number;
  readonly bytes: number;
}

const CUT_OFF = `UPDATE scaleout.rebalance_run SET state = 'failed', finished_at = clock_timestamp(), problem = 'the run was cut off' WHERE state = 'running'`;

/** The record of one run. Where this role may keep none, a run goes on without. */
export class RunRecord {
  private readonly client: Client;
  private readonly id: string | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(client: Client, id: string | undefined) {
    this.client = client;
    this.id = id;
  }

  /** Begins the record; the caller holds the advisory lock `rebalance`, so that any other run that is still open was cut off. */
  static async begin(client: Client, run: NewRun): Promise<RunRecord> {
    try {
      const id = await withTransaction(client, async () => {
        for (const statement of CREATE) await client.query(statement);
        await client.query(CUT_OFF);
        const { rows } = await client.query<{ id: string }>(
          'INSERT INTO scaleout.rebalance_run (strategy, max_write_pause_ms, moves, bytes) VALUES ($1, $2, $3, $4) RETURNING run_id::text AS id',
          [run.strategy, run.maxWritePauseMs, run.moves, run.bytes],
        );
        return rows[0]?.id;
      });
      return new RunRecord(client, id);
    } catch (error) {
      // No right to create in the database, or to write in a table of another owner.
      if (sqlStateOf(error) !== '42501') throw error;
      return new RunRecord(client, undefined);
    }
  }

  get isKept(): boolean {
    return this.id !== undefined;
  }

  /** What the run is at, for other sessions. @returns what they ask of it */
  async doing(what: string, secondsLeft: number): Promise<RunRequest> {
    const [row] = await this.update(
      'UPDATE scaleout.rebalance_run SET doing = $2, seconds_left = $3 WHERE run_id = $1 RETURNING request',
      [what, secondsLeft],
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
  }

  async end(state: RunState, problem: string): Promise<void> {
    await this.update(
      `UPDATE scaleout.rebalance_run SET state = $2, problem = $3, finished_at = clock_timestamp(), doing = '', seconds_left = NULL WHERE run_id = $1`,
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

const IS_THERE = `
SELECT coalesce(bool_and(has_table_privilege(t, 'SELECT')), false) AS there
  FROM unnest(ARRAY[to_regclass('scaleout.rebalance_run'), to_regclass('scaleout.rebalance_move')]) t`;

/** Another role's record is none of ours to read. */
async function isThere(client: Client): Promise<boolean> {
  try {
    return (await readRows(client, z.object({ there: z.boolean() }), IS_THERE))[0]?.there === true;
  } catch (error) {
    if (sqlStateOf(error) === '42501') return false;
    throw error;
  }
}

const sampleRow = z.object({
  way: z.enum(['blocking', 'logical']),
  bytes: z.number(),
  seconds: z.number(),
  pauseMs: z.number(),
});

/** Moves of earlier runs to learn from. */
const LEARN_FROM = 24;

const SAMPLES = `
SELECT way, bytes, seconds, pause_ms AS "pauseMs" FROM scaleout.rebalance_move WHERE cancelled IS NULL ORDER BY ended_at DESC LIMIT $1`;

/** What the last moves in this database cost, oldest first. */
export async function readCosts(client: Client): Promise<MoveCosts> {
  if (!(await isThere(client))) return [];
  return (await readRows(client, sampleRow, SAMPLES, [LEARN_FROM])).reverse();
}

const runRow = z.object({
  id: z.number(),
  role: z.string(),
  /** Null once its session is gone, whatever the record says. */
  pid: z.number().nullable(),
  state: z.enum(RUN_STATES),
  request: z.enum(REQUESTS),
  problem: z.string(),
  doing: z.string(),
  maxWritePauseMs: z.number(),
  movesPlanned: z.number(),
  movesDone: z.number(),
  cancelledTries: z.number(),
  bytesPlanned: z.number(),
  bytesDone: z.number(),
  longestWritePauseMs: z.number(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  startedSeconds: z.number(),
  seconds: z.number(),
  secondsLeft: z.number().nullable(),
});

/** A run as its record says. */
export type RecordedRun = z.infer<typeof runRow>;

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** The last run. Its session holds the advisory lock of a rebalance as long as it lives, which tells a run that was cut off. */
const LAST_RUN = `
SELECT r.run_id::float8 AS id, r.role, r.state, r.request, r.problem, r.doing, r.max_write_pause_ms AS "maxWritePauseMs",
       (SELECT l.pid FROM pg_locks l
         WHERE l.locktype = 'advisory' AND l.granted AND l.pid = r.pid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended('scaleout rebalance', 0) LIMIT 1) AS pid,
       r.moves AS "movesPlanned", r.bytes AS "bytesPlanned", r.seconds_left AS "secondsLeft",
       count(m.*) FILTER (WHERE m.cancelled IS NULL)::int AS "movesDone", count(m.cancelled)::int AS "cancelledTries",
       coalesce(sum(m.bytes) FILTER (WHERE m.cancelled IS NULL), 0)::float8 AS "bytesDone",
       coalesce(max(m.pause_ms), 0)::float8 AS "longestWritePauseMs",
       to_char(r.started_at AT TIME ZONE 'UTC', ${ISO}) AS "startedAt", to_char(r.finished_at AT TIME ZONE 'UTC', ${ISO}) AS "finishedAt",
       extract(epoch FROM r.started_at)::float8 AS "startedSeconds",
       extract(epoch FROM coalesce(r.finished_at, clock_timestamp()) - r.started_at)::float8 AS seconds
  FROM (SELECT * FROM scaleout.rebalance_run ORDER BY run_id DESC LIMIT 1) r
  LEFT JOIN scaleout.rebalance_move m USING (run_id)
 GROUP BY r.run_id, r.role, r.state, r.request, r.problem, r.doing, r.max_write_pause_ms, r.pid, r.moves, r.bytes, r.seconds_left, r.started_at, r.finished_at`;

/** The last run under a budget; undefined where none has been. */
export async function readLastRun(client: Client): Promise<RecordedRun | undefined> {
  if (!(await isThere(client))) return undefined;
  return (await readRows(client, runRow, LAST_RUN))[0];
}

/** Whether a session is at work on it. */
export function isAtWork({ state, pid }: Pick<RecordedRun, 'state' | 'pid'>): boolean {
  return state === 'running' && pid !== null;
}

/** Asks a run to stop after its current move, to pause there, or (with nothing) to go on. */
export async function askRun(
  client: Client,
  { id }: Pick<RecordedRun, 'id'>,
  request: RunRequest,
): Promise<void> {
  await client.query('UPDATE scaleout.rebalance_run SET request = $2 WHERE run_id = $1', [id, request]);
}
