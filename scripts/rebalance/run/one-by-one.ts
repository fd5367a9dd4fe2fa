import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { howToAllowByFlag, notAllowed } from '../../database/checks/findings';
import { readSecuredTables } from '../../database/observe/row-security';
import { isConnectionLoss } from '../../lib/connection';
import { explain, InterruptedError, isServerError, refused, ScaleoutError } from '../../lib/errors';
import type { VerbContext } from '../../lib/verb';
import { isAskedToStop } from './between-moves';
import { estimate, windowSeconds } from '../cost/estimate';
import { forcedTables, rebalanceFindings } from '../observe/findings';
import { arrivedTry, doneEvent, startEvent } from '../record/job-events';
import { compareAfter, NOTHING_COMPARED, seeBefore, together } from '../observe/observe';
import type { ComparedRows } from '../observe/observe';
import type { RunOptions } from '../plan/options';
import { nodesOf } from '../../citus/moves';
import type { Move } from '../../citus/moves';
import { nodeName, sameNode } from '../../citus/nodes';
import type { Rebalance } from '../plan/plan';
import type { RunRecord } from '../record/run-record';
import { COPY_REFERENCE_TABLES, MOVE } from '../../citus/catalog.sql';
import { MoveFailedError } from './node-lost';
import { untilSettled } from './settled';
import { inForcedPolicyWindow } from './window';

/** What became of the moves of a plan. */
export interface MovedOneByOne {
  readonly moves: readonly Move[];
  readonly seconds: number;
  /** Null where nobody asked. */
  readonly rows: ComparedRows | null;
  /** Another session asked it to stop. */
  readonly stopped: boolean;
}

/**
 * Does the moves of a plan in this session, in their order, one call for each, so that there is a safe point between two of them.
 * Citus commits each by itself; a run that is cut off loses only the one under way. Each move of a group with forced policies is in a
 * window of its own, and rows are compared inside of it, where the owner sees them all. Ends after a move that lost something, as
 * the next one would remove what it left at its source.
 */
export async function moveOneByOne(
  client: Client,
  options: RunOptions,
  plan: Rebalance,
  context: VerbContext,
  record: RunRecord,
): Promise<MovedOneByOne> {
  const began = Date.now();
  if (plan.missingReferenceTables.length > 0) await copyReferenceTables(client, options);
  const bar = context.reporter.progress('moving shards', plan.moves.length, 'moves');
  const moved: Move[] = [];
  let rows = options.compareRows ? NOTHING_COMPARED : null;
  let stopped = false;
  for (const move of plan.moves) {
    const stands = `${String(moved.length)} of ${String(plan.moves.length)} moves are done`;
    stopped = await isAskedToStop(record, context, { next: move, secondsLeft: null, stands });
    if (stopped) break;
    await untilSettled(client, context, stands).catch(async (error: unknown) => {
      await record
        .end(error instanceof InterruptedError ? 'stopped' : 'failed', explain(error))
        .catch(() => undefined);
      throw error;
    });
    if (!(await isAtItsSource(client, move, context))) continue;
    const compared = await moveAndTell(client, { move, options, stands, context, record });
    moved.push(move);
    bar.update(moved.length);
    rows = together(rows, compared);
    if (compared?.different.some(({ lost }) => lost) === true) break;
  }
  bar.update(moved.length);
  bar.finish();
  return { moves: moved, seconds: (Date.now() - began) / 1000, rows, stopped };
}

interface OneMove {
  readonly move: Move;
  readonly options: RunOptions;
  readonly stands: string;
  readonly context: VerbContext;
  readonly record: RunRecord;
}

async function moveAndTell(
  client: Client,
  { move, options, stands, context, record }: OneMove,
): Promise<ComparedRows | null> {
  const startedAt = performance.now();
  const forced = await allowedWindow(client, move, options, stands);
  context.reporter.event(startEvent(move));
  const compared = await inForcedPolicyWindow(client, forced, () =>
    moveAndCompare(client, move, options),
  ).catch(async (error: unknown) => {
    await record.end('failed', explain(error)).catch(() => undefined);
    throw moveFailed(error, stands);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await record.add(arrivedTry(move, seconds));
  context.reporter.event(doneEvent(move, seconds, null));
  return compared;
}

export async function copyReferenceTables(client: Client, options: RunOptions): Promise<void> {
  await client.query(COPY_REFERENCE_TABLES, [options.strategy, options.mode]);
}

async function moveAndCompare(
  client: Client,
  move: Move,
  { compareRows, allow }: RunOptions,
): Promise<ComparedRows | null> {
  const before = compareRows ? await seeBefore(client, [move]) : [];
  const { from, to } = move;
  await client.query(MOVE, [move.shardId, from.name, from.port, to.name, to.port, move.mode]);
  return compareRows ? compareAfter(client, before, new Set(allow.map(({ id }) => id))) : null;
}

/** Somebody else may have moved it since the plan was made. */
export async function isAtItsSource(client: Client, move: Move, { reporter }: VerbContext): Promise<boolean> {
  const nodes = await nodesOf(client, move);
  if (nodes.some((node) => sameNode(node, move.from))) return true;
  const where = nodes.some((node) => sameNode(node, move.to))
    ? `on ${nodeName(move.to)} already`
    : `no longer on ${nodeName(move.from)}`;
  reporter.info(
    `shard ${String(move.shardId)} (${move.tables.join(', ')}) is ${where}: somebody else moved it`,
  );
  return false;
}

/**
 * The tables whose FORCE has to go for this move, read anew: an application may have switched it on since the plan was made.
 *
 * @throws ScaleoutError (refused) where that is not allowed
 */
export async function allowedWindow(
  client: Client,
  move: Move,
  { allow, mode }: Pick<RunOptions, 'allow' | 'mode'>,
  stands: string,
): Promise<TableName[]> {
  const secured = await readSecuredTables(client);
  const findings = rebalanceFindings(
    [move],
    [],
    secured,
    () => estimate([move], mode, undefined).seconds + windowSeconds(move),
  );
  const open = notAllowed(findings, allow);
  if (open.length > 0) {
    throw refused(
      'rebalance.not-allowed',
      `policies were changed while shards moved, and ${stands}: ${open.map(({ message }) => message).join('. Also: ')}. ${howToAllowByFlag(open)}`,
    );
  }
  return forcedTables(move, secured).map(({ table }) => table);
}

/**
 * @param stands how many moves are done, as a sentence without its end
 * @returns what a run ends with, unless a node was lost under the move
 */
export function moveFailed(error: unknown, stands: string): unknown {
  if (error instanceof ScaleoutError) {
    if (isConnectionLoss(error.cause)) {
      return new ScaleoutError(
        'cluster.connection-lost',
        `the connection to the coordinator was lost while shards moved: ${error.message}. ${stands} and stay. ` +
          'When the server is back, run "scaleout rebalance run" again: it does what is left',
        { cause: error },
      );
    }
    return new MoveFailedError(`a move failed: ${error.message}. ${stands} and stay`, stands, error);
  }
  // What ends the session is told by who opened it.
  if (!isServerError(error) || error.severity === 'FATAL') return error;
  return new MoveFailedError(
    `a move failed: ${explain(error)} ${stands} and stay. ` +
      'Mend the cause and run "scaleout rebalance run" again: it does what is left',
    stands,
    error,
  );
}
