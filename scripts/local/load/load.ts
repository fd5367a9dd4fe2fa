import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkloadQuery } from '../../../config/workload/workload';
import { describeTarget, isThisMachine, withClient } from '../../lib/connection';
import type { ConnectionTarget } from '../../lib/connection';
import { refused } from '../../lib/errors';
import { count, table } from '../../lib/reporter';
import type { VerbContext, VerbResult } from '../../lib/verb';
import { bySecond, summarize } from '../../lib/latencies';
import type { LatencySecond, LatencySummary } from '../../lib/latencies';
import { startSteadyLoad } from '../../lib/steady-load';
import type { LoadResult } from '../../lib/steady-load';
import { readWorkloadWrites } from './workload-writes';

export interface LocalLoadInput {
  readonly target: ConnectionTarget;
  readonly workload: string;
  /** Of the workload, which readers ask in turn. */
  readonly queries: readonly WorkloadQuery[];
  /** Writes due a second. */
  readonly rate: number;
  /** Reads due a second. */
  readonly readers: number;
  readonly seconds: number;
}

/** Latencies in milliseconds, from when a request was due. */
export interface LoadSide extends LatencySummary {
  /** What the server refused, with how often. */
  readonly failures: readonly { readonly message: string; readonly count: number }[];
  readonly seconds: readonly LatencySecond[];
}

/** What `local load` answers with. */
export interface LocalLoadDocument {
  readonly formatVersion: 1;
  readonly workload: string;
  readonly writes: LoadSide & {
    readonly acknowledged: number;
    /** Acknowledged writes that are not there at the end. */
    readonly lost: number;
  };
  readonly reads: LoadSide | null;
}

/** Sessions for so many requests a second that each may wait for half a second, within what a small server allows. */
function sessionsFor(rate: number): number {
  return Math.max(2, Math.min(32, Math.ceil(rate / 4)));
}

/** Ids that no generated row has; each load begins at the milliseconds of its start. */
function firstId(): number {
  return Date.now() * 1000;
}

/**
 * Writes and reads as the application of a workload does, at a set rate, until the time is over or Ctrl-C. Its rows stay.
 *
 * @throws ScaleoutError (refused) for a server that is not this machine
 */
export async function localLoad(
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  { target, workload, queries, rate, readers, seconds }: LocalLoadInput,
): Promise<VerbResult<LocalLoadDocument>> {
  if (!isThisMachine(target.host)) {
    throw refused(
      'local.not-local',
      `${describeTarget(target)} is not this machine, and a load writes rows that stay: name a local cluster, as "local up" starts one. Nothing was changed`,
    );
  }
  const writes = await withClient(target, (client) => readWorkloadWrites(client, workload));
  const first = firstId();
  const stopWrites = await startSteadyLoad(target, {
    rate,
    sessions: sessionsFor(rate),
    request: (client, number) =>
      client.query(writes.insert, [first + number, writes.keys[number % writes.keys.length]]),
  });
  const stopReads =
    readers === 0 || queries.length === 0
      ? undefined
      : await startSteadyLoad(target, {
          rate: readers,
          sessions: sessionsFor(readers),
          request: (client, number) => client.query(queries[number % queries.length]?.sql ?? 'SELECT 1'),
        });
  reporter.info(
    `${count(rate)} writes and ${count(readers)} reads a second for ${count(seconds)} s; Ctrl-C ends it`,
  );
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  const [written, read] = [await stopWrites(), await stopReads?.()];
  const last = first + Math.max(0, ...written.acknowledged);
  const found = await withClient(target, (client) =>
    client.query<{ id: string }>(writes.found, [first, last]),
  );
  const there = new Set(found.rows.map(({ id }) => Number(id)));
  const lost = written.acknowledged.filter((number) => !there.has(first + number)).length;
  const document: LocalLoadDocument = {
    formatVersion: 1,
    workload,
    writes: { ...sideOf(written), acknowledged: written.acknowledged.length, lost },
    reads: read === undefined ? null : sideOf(read),
  };
  return { document, text: loadText(document), outcome: lost === 0 ? 'done' : 'failed' };
}

function sideOf({ answered, failures }: LoadResult): LoadSide {
  return {
    ...summarize(answered),
    failures: [...failures].map(([message, times]) => ({ message, count: times })),
    seconds: bySecond(answered),
  };
}

function loadText({ writes, reads }: LocalLoadDocument): string {
  const row = (name: string, side: LoadSide): string[] => [
    name,
    count(side.requests),
    ...[side.p50, side.p95, side.p99, side.longest].map((ms) => `${ms.toFixed(1)} ms`),
    count(side.failures.reduce((sum, each) => sum + each.count, 0)),
  ];
  return [
    table([
      ['', 'answered', 'p50', 'p95', 'p99', 'longest', 'failed'],
      row('writes', writes),
      ...(reads === null ? [] : [row('reads', reads)]),
    ]),
    '',
    writes.lost === 0
      ? `All ${count(writes.acknowledged)} acknowledged writes are there.`
      : `${count(writes.lost)} of ${count(writes.acknowledged)} acknowledged writes are not there.`,
    ...[...writes.failures, ...(reads?.failures ?? [])].map(
      ({ message, count: times }) => `${count(times)} times: ${message}`,
    ),
  ].join('\n');
}
