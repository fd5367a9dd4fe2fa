import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Run } from '../apply-process';
import type { FaultyCluster } from '../faulty-cluster';
import type { Fault } from '../trials';

/** When to kill. */
export interface Moment {
  /** Seconds since the process was started. */
  readonly after: number;
  /** Seconds in the first move that is under way then, or comes; undefined for wherever the run is. */
  readonly intoMove: number | undefined;
}

/** When an undisturbed run of a story has loaded, and when it has ended: seconds. */
export interface Course {
  readonly loaded: number;
  readonly ended: number;
}

/** Seconds in which a move is met anywhere. */
const INTO_MOVE = 0.4;

/** Half of them are anywhere in the time of a run, half in a move. Pure but for `random`. */
export function drawMoment({ loaded, ended }: Course, random: () => number): Moment {
  const after = loaded + random() * (ended - loaded);
  const into = random() * INTO_MOVE;
  return random() < 0.5 ? { after, intoMove: undefined } : { after, intoMove: into };
}

/** In the first move of a run. */
export function inFirstMove(random: () => number): Moment {
  return { after: 0, intoMove: random() * INTO_MOVE };
}

const IN_A_MOVE = 'in-a-move';
const IN_MOVES = /^in-(a|several)-moves?$/;

const DOING = `
SELECT (SELECT CASE WHEN count(*) FILTER (WHERE state = 'active' AND query ~ 'citus_move_shard_placement') > 1 THEN 'in-several-moves'
                    WHEN bool_or(state = 'active' AND query ~ 'citus_move_shard_placement') THEN '${IN_A_MOVE}'
                    WHEN bool_or(state = 'active' AND query ~ 'cleanup_orphaned') THEN 'cleaning-up'
                    WHEN count(*) > 0 THEN 'between-moves'
                    ELSE 'before-it-begins' END
          FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('scaleout rebalance run', 'scaleout rebalance move')) AS moment,
       EXISTS (SELECT FROM pg_stat_activity WHERE query ~ 'citus_move_shard_placement' AND state = 'active' AND backend_type = 'background worker') AS job,
       NOT coalesce((SELECT relforcerowsecurity OR NOT relrowsecurity FROM pg_class WHERE oid = to_regclass('secrets')), true) AS lifted`;

type Seen = Pick<Fault, 'moment' | 'lifted'>;

/** Milliseconds between two looks for a move. */
const POLL_MS = 15;

/** Waits for the moment. @returns what the run is at then; undefined where it has ended before */
export async function arrival(
  cluster: FaultyCluster,
  run: Run,
  { after, intoMove }: Moment,
): Promise<Seen | undefined> {
  let over = false;
  const ended = run.ended.then(() => {
    over = true;
  });
  await Promise.race([ended, sleep(Math.max(0, after - run.seconds()) * 1000, undefined, { ref: false })]);
  return withPlatform(cluster, async (client) => {
    if (intoMove !== undefined) {
      while (!over && !IN_MOVES.test((await see(client)).moment)) await sleep(POLL_MS);
      await sleep(intoMove * 1000);
    }
    return over ? undefined : see(client);
  });
}

async function see(client: Client): Promise<Seen> {
  const { rows } = await client.query<{ moment: string; job: boolean; lifted: boolean }>(DOING);
  const [row] = rows;
  return { moment: row?.job === true ? IN_A_MOVE : (row?.moment ?? ''), lifted: row?.lifted === true };
}

/** A session that is open already: the kill comes right after its answer. */
async function withPlatform<T>(cluster: FaultyCluster, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password, database } = cluster.platform(cluster.names[0] ?? '');
  const client = new Client({ host, port, user, password: password ?? '', database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
