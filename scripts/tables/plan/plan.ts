import type { Distribution, TableName } from '../../../config/workload/distribution-types';
import { requireNone, requirePreconditions } from '../../database/checks/preconditions';
import { viewsOfBoundOwners, viewsStuckOnTheWay } from '../../database/checks/views';
import type { LiveDatabase } from '../../database/model/live';
import { sortedByEdges, orderTables } from '../../database/model/order';
import type { Edge } from '../../database/model/order';
import { observedHash } from '../../database/model/snapshot';
import { step } from '../../database/model/step';
import { stepKind } from '../../database/model/step-kinds';
import type { TablesStep } from '../../database/model/step';
import { StepEffects } from '../../database/target/step-effects';
import { TargetState } from '../../database/target/target-state';
import { withComments } from './comments';
import type { Commented } from './comments';
import { diffTables } from './diff';
import { dropForeignKeys } from './foreign-key-steps';
import { prepareKey, replaceKey } from './key-steps';
import { orderSteps } from './order-steps';
import type { TablesPlan } from './plan-document';
import { planFindings } from './plan-findings';
import { closeLeftOpenWindows } from './policy-windows';
import * as sql from './statements.sql';
import { wayBack } from './way-back';

/**
 * The way from a live database to its specification. Every prefix of the steps leaves a database from which a new plan
 * leads on, so a run may end anywhere. Pure.
 *
 * The order: keys are prepared while nothing else is touched, foreign keys that are in the way go, keys change, reference
 * tables come before the tables that use them, parents before children, foreign keys return as soon as both their tables
 * are there, and the rows left behind on the coordinator go last.
 *
 * @param done what was changed so far, as the end of a sentence for people
 * @throws ScaleoutError with every fault where specification and database do not fit
 */
export function planTables(
  expected: Distribution,
  live: LiveDatabase,
  done = 'nothing was changed',
): TablesPlan {
  const target = new TargetState(expected, live);
  requirePreconditions(target, done);
  const planned = stepsFor(target);
  const steps = [...closeLeftOpenWindows(live, planned), ...planned];
  const effects = new StepEffects(live, steps);
  const moved = effects.recreated.filter(({ step: each }) => stepKind(each).copies === 'from table to table');
  const copies = moved.map(({ tables }) => tables);
  const all = effects.recreated.map(({ tables }) => tables);
  requireNone(target, [...viewsStuckOnTheWay(target, copies), ...viewsOfBoundOwners(target, all)], done);
  return { formatVersion: 1, observed: observedHash(live), steps, findings: planFindings(target, effects) };
}

function stepsFor(target: TargetState): TablesStep[] {
  const back = wayBack(target);
  if (back !== undefined) return [...back.steps, ...stepsFor(new TargetState(target.expected, back.leaves))];
  const { live } = target;
  const difference = diffTables(target);
  const { drop } = difference;
  const edges = target.foreignKeys().map((key) => ({ first: key.references, then: key.table, firm: false }));
  const keys = sortedByEdges(difference.keys, edges);
  const order = orderSteps(difference, target, edges);
  const away = drop.map(({ key }) => key);
  const commented = withComments(target, away, order.groups);
  const allReturned = difference.removeRecord && order.allReturned;
  return [
    ...keys.flatMap(prepareKey),
    ...dropForeignKeys(drop, live),
    ...keys.flatMap(replaceKey),
    ...commented.record,
    ...commented.steps,
    ...(allReturned ? [removeForeignKeyRecord(live, commented)] : []),
    ...removeCommentRecord(live, commented, !allReturned && (live.ownSchema.recordTable || drop.length > 0)),
    ...truncate([...difference.localCopies, ...order.localCopies], edges),
  ];
}

const FOREIGN_KEY_RECORD: TableName = { schema: 'scaleout', name: 'dropped_foreign_key' };
const COMMENT_RECORD: TableName = { schema: 'scaleout', name: 'recorded_comment' };

function removeForeignKeyRecord(live: LiveDatabase, { recorded }: Commented): TablesStep {
  return removeRecord(FOREIGN_KEY_RECORD, 'foreign key', live, live.ownSchema.commentTable || recorded);
}

function removeCommentRecord(
  live: LiveDatabase,
  { recorded, allBack }: Commented,
  otherStays: boolean,
): TablesStep[] {
  if (!allBack || !(recorded || live.ownSchema.commentTable)) return [];
  return [removeRecord(COMMENT_RECORD, 'comment', live, otherStays)];
}

/** @param otherStays the other record is in the schema by then */
function removeRecord(
  record: TableName,
  what: string,
  { ownSchema }: LiveDatabase,
  otherStays: boolean,
): TablesStep {
  const schemaToo = ownSchema.others === 0 && !otherStays;
  return step('remove-record', record, sql.dropRecordTable(record, { schemaToo }), {
    comment: `every ${what} is back; removes the empty record`,
    reversible: true,
  });
}

/** Children first: emptying a table reaches into those that reference it. */
function truncate(localCopies: readonly TableName[], edges: readonly Edge[]): TablesStep[] {
  const childrenFirst = edges.map(({ first, then, firm }) => ({ first: then, then: first, firm }));
  return orderTables(localCopies, childrenFirst).map((table) =>
    step('truncate-local-copy', table, sql.truncateLocalCopy(table), {
      comment: 'removes the rows that the copy left behind on the coordinator, where no query sees them',
      // What is distributed stays whole, and can be undistributed; these rows are gone.
      reversible: false,
    }),
  );
}
