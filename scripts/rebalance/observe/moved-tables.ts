import type { Client } from 'pg';
import type { TableName } from '../../../config/workload/distribution-types';
import { readTablesOfShards } from '../../citus/shards';
import { inspectDatabase } from '../../database/inspect/inspect';
import { compare, reportDifferences } from '../../database/observe/comparison';
import type { ComparedState } from '../../database/observe/comparison';
import { observeAfter, observeBefore } from '../../database/observe/observation';
import type { Observation, ObservationContext, ObservationSubject } from '../../database/observe/observation';
import { scopeOf } from '../../database/target/scope';
import type { Move } from '../../citus/moves';

/** What a move is seen with besides the session that moves. */
export interface Observer {
  readonly around: ObservationContext;
  /** Views answer with rows, so they are asked where rows are compared. */
  readonly askViews: boolean;
}

export const NO_STATE: ComparedState = { objects: [], sequences: [], views: [] };

/**
 * Looks at the tables of the shard groups that are to move, with the observer of `tables apply`: objects, sequences and views, and the
 * answers of those views. Rows are compared shard by shard instead. What was there is kept by this run alone, as with shards: a run
 * that follows a job, or does what a killed run left, compares with what it found itself.
 *
 * @param known what this run looked at already, which stays as it was seen first
 */
export async function observeMovedTables(
  client: Client,
  moves: readonly Move[],
  known: Observation | undefined,
  observer: Observer,
): Promise<Observation | undefined> {
  const tables = await readTablesOfShards(
    client,
    moves.flatMap(({ shardIds }) => shardIds),
  );
  if (tables.length === 0) return known;
  const subject = subjectOf(tables, observer);
  const live = await inspectDatabase(client, subject.expected, { readRows: false });
  return observeBefore(subject, live, known, observer.around);
}

/** Looks again, and reports what differs. */
export async function compareMovedTables(
  client: Client,
  before: Observation | undefined,
  observer: Observer,
): Promise<ComparedState> {
  if (before === undefined) return NO_STATE;
  const subject = subjectOf(before.tables ?? [], observer);
  const live = await inspectDatabase(client, subject.expected, { readRows: false });
  const compared = compare(before, await observeAfter(client, subject, live, before, observer.around));
  reportDifferences(observer.around.reporter, before, compared);
  const { objects, sequences, views } = compared;
  return { objects, sequences, views };
}

function subjectOf(tables: readonly TableName[], { askViews }: Observer): ObservationSubject {
  const expected = scopeOf(tables);
  return { expected, countRows: false, askViews, queries: [] };
}
